#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/policy/greylist_line.h"
#include "services/policy/greylist_store.h"

using namespace hikyaku;
using namespace hikyaku::policy;
using Kind = GreylistMemory::Verdict::Kind;

namespace {

const WallTime start{std::chrono::days{20'000}};

}  // namespace

TEST_CASE("lines come back as they were, whatever strangers wrote; others are nothing") {
  const GreylistKey key{"spf:a b.example", "\"x y\"@\n%.example", ""};
  const auto line = greylist_line(WaitingLine{key, {start, start + 5s, 3}});
  CHECK(line.find('\n') == line.size() - 1);
  auto read = parse_greylist_line(std::string_view(line).substr(0, line.size() - 1));
  REQUIRE(read);
  CHECK(std::get<WaitingLine>(*read).key == key);
  CHECK(std::get<WaitingLine>(*read).waiting.tries == 3);
  CHECK(std::get<WaitingLine>(*read).waiting.last == start + 5s);
  for (const auto* wrong : {"", "w", "w a b c 1 2", "w a b c 1 2 3 4", "w a b c x 2 3", "w a%zz b c 1 2 3", "k a 1 2", "k a 1 2 -3", "k a 1 2 99999999999999999999", "f", "f a b", "x a",
                            "w a b c 999999999999999 2 3", "W a b c 1 2 3"})
    CHECK_MESSAGE(!parse_greylist_line(wrong), wrong);
}

TEST_CASE("who waits and who is known is remembered by the next life, a torn end costs its line alone") {
  io::SimulatedDisk disk;
  const GreylistKey one{"192.0.2.0/24", "a@s.example", "b@h.example"}, two{"198.51.100.0/24", "", "b@h.example"};
  {
    GreylistStore store(disk, "/policy", {});
    CHECK(store.trouble().empty());
    store.tried(one, start);
    REQUIRE(store.save(start));
    store.tried(two, start + 1s);
    CHECK(store.tried(one, start + 25min).kind == Kind::Passes);
    REQUIRE(store.save(start));
  }
  {
    GreylistStore store(disk, "/policy", {});
    CHECK(store.trouble().empty());
    CHECK(store.look(one, start + 26min).kind == Kind::KnownSource);
    CHECK(store.look(two, start + 60s).kind == Kind::TooEarly);
    REQUIRE(store.save(start + 26min));
  }
  auto file = disk.open("/policy/greylist", io::OpenMode::ReadWrite);
  REQUIRE(file);
  const auto size = (*file)->size();
  REQUIRE((*file)->resize(*size - 4));
  GreylistStore store(disk, "/policy", {});
  CHECK(store.trouble().ends_with("1 lines could not be read"));
  CHECK((store.look(one, start + 26min).kind == Kind::KnownSource) != (store.look(two, start + 60s).kind == Kind::TooEarly));
}

TEST_CASE("whom an operator has forgotten waits again, in the next life too") {
  io::SimulatedDisk disk;
  const GreylistKey one{"192.0.2.0/24", "a@s.example", "b@h.example"}, two{"spf:s.example", "a@s.example", "b@h.example"};
  GreylistStore store(disk, "/policy", {});
  for (const auto& key : {one, two}) {  // what waited stays beside what is known
    store.tried(key, start);
    CHECK(store.tried(key, start + 25min).kind == Kind::Passes);
  }
  const GreylistKey neighbour{"192.0.2.0/241", "", ""};
  store.tried(neighbour, start);
  REQUIRE(store.save(start + 25min));
  REQUIRE(disk.make_folder("/policy/forget"));
  REQUIRE(io::replace_file(disk, "/policy/forget/1", "192.0.2.0/24\nnobody\n"));
  REQUIRE(io::replace_file(disk, "/policy/forget/2.new", "spf:s.example\n"));  // being written
  REQUIRE(store.save(start + 26min));
  CHECK(store.look(one, start + 26min).kind == Kind::New);
  CHECK(store.look(two, start + 26min).kind == Kind::KnownSource);
  CHECK(store.look(neighbour, start + 26min).kind == Kind::Passes);
  CHECK(*disk.list("/policy/forget") == std::vector<std::string>{"2.new"});
  const auto read = read_greylist(disk, "/policy", {}, start + 26min);
  CHECK(read.all_known().size() == 1);
  CHECK(GreylistStore(disk, "/policy", {}).look(one, start + 27min).kind == Kind::New);
}

TEST_CASE("an order that cannot be read stays and is told of, and keeps nothing else from being saved") {
  io::SimulatedDisk disk;
  const GreylistKey one{"192.0.2.0/24", "a@s.example", "b@h.example"}, two{"spf:s.example", "a@s.example", "b@h.example"};
  GreylistStore store(disk, "/policy", {});
  for (const auto& key : {one, two}) store.tried(key, start), store.tried(key, start + 25min);
  REQUIRE(disk.make_folder("/policy/forget"));
  REQUIRE(io::replace_file(disk, "/policy/forget/1", std::string(5 << 20, 'x')));
  REQUIRE(io::replace_file(disk, "/policy/forget/2", "spf:s.example\n"));
  const auto saved = store.save(start + 26min);
  REQUIRE_FALSE(saved);
  CHECK(saved.error().what.find("/policy/forget/1") != std::string::npos);
  CHECK(*disk.list("/policy/forget") == std::vector<std::string>{"1"});
  CHECK(read_greylist(disk, "/policy", {}, start + 26min).all_known().size() == 1);
}

TEST_CASE("a source that never pauses is written down each hour, one that is over is not listed, and can be forgotten") {
  io::SimulatedDisk disk;
  const GreylistKey one{"192.0.2.0/24", "a@s.example", "b@h.example"}, two{"spf:s.example", "a@s.example", "b@h.example"};
  GreylistStore store(disk, "/policy", {});
  for (const auto& key : {one, two}) store.tried(key, start), store.tried(key, start + 25min);
  REQUIRE(store.save(start + 25min));
  auto now = start + 25min;
  for (; now < start + std::chrono::days{40}; now += 40min) CHECK(store.tried(one, now).kind == Kind::KnownSource);
  REQUIRE(store.save(now));
  const auto read = read_greylist(disk, "/policy", {}, now);
  REQUIRE(read.all_known().size() == 1);
  CHECK(read.all_known().at(one.source).last > now - 2h);
  CHECK(read.all_known().at(one.source).mails > 1'000);
  CHECK(read_greylist(disk, "/policy", {}, start + 26min).all_known().size() == 2);  // the file has the other still
  REQUIRE(disk.make_folder("/policy/forget"));
  REQUIRE(io::replace_file(disk, "/policy/forget/1", two.source + "\n"));
  REQUIRE(store.save(now));
  CHECK(read_greylist(disk, "/policy", {}, start + 26min).all_known().size() == 1);
}
