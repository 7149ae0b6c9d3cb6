#include <doctest/doctest.h>

#include "services/delivery/schedule/destination.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
constexpr WallTime noon{std::chrono::seconds{1'700'000'000}};
Evidence why(FailureClass failure = FailureClass::Timeout) { return {noon, failure, "said so", "mx"}; }
}  // namespace

TEST_CASE("the limit grows with success to its cap, one for each while it starts") {
  Destination d;
  d.set_most(20);
  CHECK(d.limit() == 5);
  for (int n = 0; n < 10; ++n) d.answered(noon, 10ms);
  CHECK(d.limit() == 15);
  for (int n = 0; n < 100; ++n) d.answered(noon, 10ms);
  CHECK(d.limit() == 20);
  CHECK(d.health() == Health::Healthy);
}

TEST_CASE("one burst of refusals halves it once; the next round may halve it again, never below one") {
  Destination d;
  d.set_most(16);
  for (int n = 0; n < 20; ++n) d.answered(noon, 10ms);
  for (int n = 0; n < 6; ++n) d.too_fast(noon, why());
  CHECK(d.limit() == 8);
  CHECK(d.health() == Health::Throttled);
  for (int n = 0; n < 3; ++n) d.too_fast(noon, why());
  CHECK(d.limit() == 4);
  for (int n = 0; n < 1000; ++n) d.too_fast(noon, why());
  CHECK(d.limit() == 1);
  // It comes back slowly: one for each round of successes.
  d.answered(noon, 10ms);
  CHECK(d.limit() == 2);
  for (int n = 0; n < 300; ++n) d.answered(noon, 10ms);
  CHECK(d.limit() == 16);
  CHECK(d.health() == Health::Healthy);
}

TEST_CASE("a failure that is not about connections counts beside living ones, alone it is down; an answer starts slowly from one") {
  Destination d;
  d.set_most(10);
  for (int n = 0; n < 20; ++n) d.answered(noon, 10ms);
  CHECK(!d.silent(noon, why(FailureClass::Tls), 9));
  CHECK(d.limit() == 5);
  CHECK(d.silent(noon + 1s, why(FailureClass::Tls), 0));
  CHECK(d.health() == Health::Down);
  CHECK(d.since() == noon + 1s);
  CHECK(d.limit() == 1);
  CHECK(d.answered(noon + 2s, 10ms) == Destination::Was::Down);
  CHECK(d.limit() == 2);
  for (int n = 0; n < 3; ++n) d.answered(noon + 2s, 10ms);
  CHECK(d.limit() == 5);
  CHECK(d.answered(noon + 2s, 10ms) == Destination::Was::Up);
  CHECK(d.failures() == 0);
}

TEST_CASE("silence that is forgotten at somebody's wish proves nothing: it goes from one on, and is proven by an answer alone") {
  Destination d;
  d.set_most(10);
  for (int n = 0; n < 20; ++n) d.answered(noon, 10ms);
  d.forget_silence(noon);  // it was not silent
  CHECK(d.proven());
  CHECK(d.limit() == 10);
  CHECK(d.silent(noon, why(), 0));
  d.forget_silence(noon + 1s);
  CHECK(d.health() == Health::Healthy);
  CHECK(d.since() == noon + 1s);
  CHECK(d.limit() == 1);
  CHECK(!d.proven());
  CHECK(d.silent(noon + 2s, why(), 0));  // its next failure says so again
  CHECK(d.failures() == 1);
  d.forget_silence(noon + 3s);
  CHECK(d.answered(noon + 4s, 10ms) == Destination::Was::Up);
  CHECK(d.proven());
  CHECK(d.limit() == 2);
}

TEST_CASE("silence that goes on while a tarpit keeps its sessions is down in the end") {
  Destination d;
  d.set_most(4);
  int tried = 1;
  while (!d.silent(noon, why(), 2)) REQUIRE(++tried < 30);
  CHECK(tried >= 3);
  Destination other;
  other.set_most(4);
  tried = 1;
  while (other.turned_away(noon, why(), 2) == Destination::Setback::TurnedAway) REQUIRE(++tried < 30);
  CHECK(tried >= 3);
  CHECK(other.health() == Health::Down);
}

TEST_CASE("an answer far slower than usual is evidence; slow from the start is usual") {
  Destination d;
  d.set_most(20);
  for (int n = 0; n < 30; ++n) d.answered(noon, 500ms);
  const auto before = d.limit();
  d.answered(noon, 60s);
  CHECK(d.limit() == before / 2);
  Destination tarpit;
  tarpit.set_most(20);
  for (int n = 0; n < 30; ++n) tarpit.answered(noon, 60s);
  CHECK(tarpit.health() == Health::Healthy);
}

TEST_CASE("held comes before all else, and what was true before is true again after it") {
  Destination d;
  d.silent(noon, why(), 0);
  d.hold(noon, WallTime::max(), "disk exchange");
  CHECK(d.health() == Health::Held);
  CHECK(d.limit() == 0);
  CHECK(d.evidence()->words == "disk exchange");
  d.release_hold(noon);
  CHECK(d.health() == Health::Down);
  Destination grey;
  grey.door_shut(noon, noon + 300s, why(FailureClass::Greylisted));
  CHECK(grey.health() == Health::Greylisting);
  grey.door_open(noon + 300s);
  CHECK(grey.health() == Health::Healthy);
}

TEST_CASE("a lower cap counts at once") {
  Destination d;
  d.set_most(50);
  for (int n = 0; n < 100; ++n) d.answered(noon, 10ms);
  CHECK(d.limit() == 50);
  d.set_most(3);
  CHECK(d.limit() == 3);
}
