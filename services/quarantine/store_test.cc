#include "services/quarantine/store.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/quarantine/digest.h"
#include "services/quarantine/entry.h"

using namespace hikyaku;
using namespace hikyaku::quarantine;

namespace {

Entry entry_of(std::uint64_t number, std::string_view text) {
  Entry entry;
  entry.envelope.id = {8, 1, 1, number};
  entry.envelope.reverse_path.address = {"a", "b.example"};
  entry.envelope.recipients.push_back({{"c", "d.example"}, "", {}});
  entry.why = "virus Eicar";
  entry.taken = WallTime{std::chrono::seconds{1'000 + number}};
  entry.octets = text.size();
  return entry;
}

Source source_of(std::string_view text) {
  return [text](const To& to) -> spool::SpoolResult<> {
    for (std::size_t at = 0; at < text.size(); at += 1'000) TRY_VOID(to(text.substr(at, 1'000)));
    return {};
  };
}

std::optional<std::string> text_of(Store& store, const TraceId& id) {
  std::string text;
  const auto read = store.read(id, [&](std::string_view piece) -> spool::SpoolResult<> { return text += piece, spool::SpoolResult<>{}; });
  return read ? std::optional(text) : std::nullopt;
}

// As a session does whose 250 is certain.
spool::SpoolResult<> keep(Store& store, const Entry& entry, const Source& text) {
  TRY(deposit, store.deposit(entry, text));
  deposit.keep();
  return {};
}

struct World {
  explicit World(std::uint64_t seed = 1) : disk({.seed = seed}) {
    REQUIRE(disk.make_folder("/q/drop"));
    REQUIRE(disk.sync_folder("/"));
    REQUIRE(disk.sync_folder("/q"));
  }
  io::SimulatedDisk disk;
  Store store{disk, "/q"};
};

}  // namespace

TEST_CASE("quarantine: what was deposited is listed, read, and removed") {
  World world;
  const std::string text(5'000, 'x');
  REQUIRE(keep(world.store, entry_of(2, text), source_of(text)));
  REQUIRE(keep(world.store, entry_of(1, ""), source_of("")));
  CHECK(world.store.list()->entries.empty());  // not taken over yet
  REQUIRE(world.store.gather());
  REQUIRE(world.store.gather());
  const auto contents = world.store.list();
  REQUIRE(contents);
  REQUIRE(contents->entries.size() == 2);
  CHECK(contents->entries[0].envelope.id.sequence == 1);  // oldest first
  CHECK(contents->entries[1].why == "virus Eicar");
  CHECK(contents->entries[1].envelope == entry_of(2, text).envelope);
  CHECK(text_of(world.store, {8, 1, 1, 2}) == text);
  CHECK(text_of(world.store, {8, 1, 1, 1}) == "");
  CHECK_FALSE(text_of(world.store, {8, 1, 1, 3}));
  REQUIRE(keep(world.store, entry_of(2, "another"), source_of("another")));
  REQUIRE(world.store.gather());
  CHECK(text_of(world.store, {8, 1, 1, 2}) == text);  // never another one in its place
  REQUIRE(world.store.remove({8, 1, 1, 2}));
  CHECK_FALSE(world.store.find({8, 1, 1, 2}));
  CHECK(world.store.list()->entries.size() == 1);
}

TEST_CASE("quarantine: a mark stands in the head, and a head without one is as it was") {
  auto entry = entry_of(1, "text");
  const auto plain = encode(entry);
  CHECK(plain[0] == 1);
  CHECK(decode_entry(plain)->mark.empty());
  entry.mark = "abc";
  CHECK(decode_entry(encode(entry))->mark == "abc");
  CHECK(decode_entry(encode(entry))->octets == entry.octets);
  CHECK_FALSE(decode_entry(encode(entry) + "x"));
}

TEST_CASE("quarantine: a 250 outlives the power, at every moment") {
  const std::string text = [] {
    std::string out;
    for (int n = 0; n < 2'000; ++n) out += std::to_string(n) + ",";
    return out;
  }();
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (std::uint64_t calls = 0;; ++calls) {
      World world(seed);
      const auto entry = entry_of(7, text);
      world.disk.stop_after(calls);
      const bool accepted = keep(world.store, entry, source_of(text)).has_value();
      const bool was_cut = world.disk.stopped();
      world.disk.cut();
      REQUIRE(world.store.gather());
      const auto contents = world.store.list();
      REQUIRE(contents);
      if (accepted) CHECK(text_of(world.store, entry.envelope.id) == text);
      // What was refused may be whole or incomplete; it never reads as something else.
      const auto left = text_of(world.store, entry.envelope.id);
      CHECK((!left || *left == text));
      if (!was_cut) break;
    }
}

TEST_CASE("quarantine: full, nearly full, and a text that cannot be read") {
  World world;
  world.disk.set_capacity(1 << 20);
  Store careful(world.disk, "/q", 1 << 21);
  CHECK(careful.deposit(entry_of(1, "x"), source_of("x")).error().kind == spool::SpoolFailure::NoSpace);
  REQUIRE(world.store.say(Store::Room::Full));
  CHECK(world.store.deposit(entry_of(1, "x"), source_of("x")).error().kind == spool::SpoolFailure::NoSpace);
  REQUIRE(world.store.say(Store::Room::Full));
  REQUIRE(world.store.say(Store::Room::Left));
  CHECK_FALSE(world.store.deposit(entry_of(1, "xyz"), source_of("x")));  // not what was said
  CHECK(world.store.list()->incomplete == std::vector<std::string>{TraceId{8, 1, 1, 1}.text()});
  world.disk.fail(io::DiskCall::Flush, 1, io::DiskFailure::Broken);
  CHECK(world.store.deposit(entry_of(2, "x"), source_of("x")).error().kind == spool::SpoolFailure::FlushFailed);
  CHECK(world.store.list()->entries.empty());
}

TEST_CASE("quarantine: damage is told, never given out") {
  World world;
  const std::string text(4'000, 'x');
  const auto name = TraceId{8, 1, 1, 1}.text();
  REQUIRE(keep(world.store, entry_of(1, text), source_of(text)));
  REQUIRE(world.store.gather());
  REQUIRE(world.disk.damage("/q/" + name, 2'000, 1));
  CHECK_FALSE(text_of(world.store, {8, 1, 1, 1}));
  CHECK(world.store.list()->entries.size() == 1);  // its head is good
  REQUIRE(world.disk.damage("/q/" + name, 21, 4));
  CHECK(world.store.list()->damaged == std::vector<std::string>{name});
  CHECK(world.store.find({8, 1, 1, 1}).error().kind == spool::SpoolFailure::Damaged);
}

TEST_CASE("quarantine: what is taken over outlives the power, at every moment") {
  const std::string text(3'000, 'y');
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (std::uint64_t calls = 0;; ++calls) {
      World world(seed);
      REQUIRE(keep(world.store, entry_of(7, text), source_of(text)));
      world.disk.stop_after(calls);
      (void)world.store.gather();
      const bool was_cut = world.disk.stopped();
      world.disk.cut();
      REQUIRE(world.store.gather());
      CHECK(text_of(world.store, {8, 1, 1, 7}) == text);
      if (!was_cut) break;
    }
}

TEST_CASE("quarantine: what cannot be read keeps nothing else from being listed, and can be deleted") {
  World world;
  for (std::uint64_t n = 1; n <= 3; ++n) REQUIRE(keep(world.store, entry_of(n, "text"), source_of("text")));
  REQUIRE(world.store.gather());
  world.disk.fail(io::DiskCall::Read, 1, io::DiskFailure::Broken);  // of the first file
  const auto contents = world.store.list();
  REQUIRE(contents);
  CHECK(contents->entries.size() == 2);
  CHECK(contents->damaged == std::vector<std::string>{TraceId{8, 1, 1, 1}.text()});
  CHECK(contents->octets > 0);
  REQUIRE(world.disk.damage("/q/" + TraceId{8, 1, 1, 2}.text(), 21, 4));
  REQUIRE(world.store.remove({8, 1, 1, 2}));
  CHECK(world.store.list()->damaged.empty());
  CHECK_FALSE(world.store.remove({8, 1, 1, 9}));
}

TEST_CASE("quarantine: a message that is being written is not taken over") {
  World world;
  const auto entry = entry_of(4, "0123456789");
  bool seen = false;
  const Source slow = [&](const To& to) -> spool::SpoolResult<> {
    TRY_VOID(to("01234"));
    TRY_VOID(world.store.gather());
    seen = !world.store.list()->entries.empty();
    return to("56789");
  };
  REQUIRE(keep(world.store, entry, slow));
  CHECK_FALSE(seen);
  REQUIRE(world.store.gather());
  CHECK(text_of(world.store, {8, 1, 1, 4}) == "0123456789");
}

TEST_CASE("quarantine: what is not certain yet is taken over by nobody, and is withdrawn unless it is kept") {
  World world;
  const auto name = TraceId{8, 1, 1, 5}.text();
  {
    const auto deposit = world.store.deposit(entry_of(5, "text"), source_of("text"));
    REQUIRE(deposit);
    REQUIRE(world.store.gather());
    CHECK(world.store.list()->entries.empty());
  }
  REQUIRE(world.store.gather());
  CHECK(world.store.list()->entries.empty());
  CHECK(world.store.list()->incomplete == std::vector<std::string>{name});  // the keeper takes it away
  REQUIRE(world.store.remove_file(name));
  auto kept = world.store.deposit(entry_of(6, "text"), source_of("text"));
  REQUIRE(kept);
  kept->keep();
  REQUIRE(world.store.gather());
  CHECK(text_of(world.store, {8, 1, 1, 6}) == "text");
  auto first = world.store.deposit(entry_of(7, "text"), source_of("text"));
  REQUIRE(first);
  *first = *world.store.deposit(entry_of(8, "text"), source_of("text"));
  first->keep();
  REQUIRE(world.store.gather());
  CHECK_FALSE(text_of(world.store, {8, 1, 1, 7}));
  CHECK(text_of(world.store, {8, 1, 1, 8}) == "text");
}

TEST_CASE("quarantine: the digest tells of each once, of those too that came while one was made") {
  const std::vector<Entry> before{entry_of(1, "a"), entry_of(2, "b")};
  const auto told = told_text(before);
  // Its time is before that of the last digest: its deposit took long.
  const std::vector<Entry> after{entry_of(1, "a"), entry_of(2, "b"), entry_of(0, "c")};
  const auto fresh = untold(after, told, WallTime{std::chrono::seconds{5'000}});
  REQUIRE(fresh.size() == 1);
  CHECK(fresh[0]->envelope.id.sequence == 0);
  CHECK(untold(after, told_text(after), {}).empty());
  CHECK(untold(after, "", {}).size() == 3);
  CHECK(untold(after, std::nullopt, WallTime{std::chrono::seconds{1'002}}).size() == 1);
  CHECK(untold({}, told, {}).empty());
  const DigestOrigin origin{.hostname = "mx.example", .to = {"admin", "a.example"}};
  CHECK_FALSE(digest_mail({}, {}, origin));
  CHECK(digest_mail(fresh, WallTime{std::chrono::seconds{5'000}}, origin)->text.find("1 new") != std::string::npos);
}
