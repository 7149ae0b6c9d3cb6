#include <doctest/doctest.h>

#include "services/policy/greylist.h"

using namespace hikyaku;
using namespace hikyaku::policy;
using Kind = GreylistMemory::Verdict::Kind;

namespace {

const WallTime start{std::chrono::days{20'000}};
const GreylistKey key{"192.0.2.0/24", "a@sender.example", "b@here.example"};

}  // namespace

TEST_CASE("the first try waits, one too early waits on, one in time passes and makes its network known") {
  GreylistMemory memory;
  CHECK(memory.tried(key, start).kind == Kind::New);
  const auto early = memory.tried(key, start + 24min + 59s);
  CHECK(early.kind == Kind::TooEarly);
  CHECK(early.passes_at == start + 25min);  // tries in between put nothing off
  const auto passed = memory.tried(key, start + 25min);
  CHECK(passed.kind == Kind::Passes);
  CHECK(passed.waiting.tries == 2);
  CHECK(memory.waiting() == 0);
  // From then on at once: another sender, another recipient.
  CHECK(memory.tried({key.source, "c@other.example", "d@here.example"}, start + 26min).kind == Kind::KnownSource);
  CHECK(memory.look({"198.51.100.0/24", key.sender, key.recipient}, start + 26min).kind == Kind::New);
  CHECK(memory.look({key.source, "x", "y"}, start).known.mails == 2);
}

TEST_CASE("who stays in the tarpit is known as if it had come again; who left may come again") {
  GreylistMemory memory;
  memory.tried(key, start);
  memory.stayed(key, start + 125s);
  CHECK(memory.waiting() == 0);
  const auto known = memory.look({key.source, "x", "y"}, start + 126s);
  CHECK(known.kind == Kind::KnownSource);
  CHECK(known.known.mails == 1);
  memory.stayed(key, start + 200s);
  CHECK(memory.look(key, start + 201s).known.mails == 2);
  CHECK(memory.look(key, start + 201s).known.since == start + 125s);
  const GreylistKey other{"198.51.100.0/24", "x", "y"};
  memory.tried(other, start);  // and left
  CHECK(memory.look(other, start + 24min).kind == Kind::TooEarly);
  CHECK(memory.look(other, start + 25min).kind == Kind::Passes);
}

TEST_CASE("a try after the window begins anew; a network that falls silent is forgotten") {
  GreylistMemory memory({.wait = 300s, .window = std::chrono::hours{48}, .known_for = std::chrono::days{3}});
  memory.tried(key, start);
  CHECK(memory.tried(key, start + std::chrono::hours{48} + 1s).kind == Kind::New);
  const auto later = start + std::chrono::hours{48} + 301s;
  CHECK(memory.tried(key, later).kind == Kind::Passes);
  CHECK(memory.look(key, later + std::chrono::days{3} - 1s).kind == Kind::KnownSource);
  CHECK(memory.look(key, later + std::chrono::days{3}).kind == Kind::New);
  memory.tend(later + std::chrono::days{3} - 1s);
  CHECK(memory.known() == 1);
  memory.tend(later + std::chrono::days{3});
  CHECK(memory.known() == 0);
}

TEST_CASE("its memory is bounded: who was seen longest ago is forgotten first") {
  GreylistMemory memory({.most = 3});
  for (int i = 0; i < 3; ++i) memory.tried({"n" + std::to_string(i), "", ""}, start + std::chrono::seconds{i});
  memory.tried({"n0", "", ""}, start + 5s);
  memory.tried({"n3", "", ""}, start + 6s);
  CHECK(memory.waiting() == 3);
  CHECK(memory.look({"n1", "", ""}, start + 7s).kind == Kind::New);
  CHECK(memory.look({"n0", "", ""}, start + 7s).kind == Kind::TooEarly);
}

TEST_CASE("one source fills no more than its part") {
  GreylistMemory memory({.most_of_source = 10});
  for (int i = 0; i < 100; ++i) CHECK(memory.tried({"192.0.2.0/24", std::to_string(i), ""}, start).kind == Kind::New);
  CHECK(memory.waiting() == 10);
  CHECK(memory.tried({"198.51.100.0/24", "x", ""}, start).kind == Kind::New);
  CHECK(memory.waiting() == 11);
  CHECK(memory.tried({"192.0.2.0/24", "3", ""}, start + 25min).kind == Kind::Passes);
  CHECK(memory.tried({"192.0.2.0/24", "99", ""}, start + 25min).kind == Kind::KnownSource);
}

TEST_CASE("a clock that was set back costs nobody more than the wait") {
  GreylistMemory memory;
  memory.tried(key, start);
  CHECK(memory.tried(key, start - std::chrono::hours{1}).kind == Kind::TooEarly);
  memory.tend(start - std::chrono::hours{1});
  CHECK(memory.tried(key, start + 25min).kind == Kind::Passes);
}

TEST_CASE("networks are /24 and /64") {
  CHECK(network_of(*io::IpAddress::parse("192.0.2.77")) == "192.0.2.0/24");
  CHECK(network_of(*io::IpAddress::parse("2001:db8:1:2:3:4:5:6")) == "2001:db8:1:2::/64");
}
