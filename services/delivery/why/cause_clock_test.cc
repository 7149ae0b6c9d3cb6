// Causes add up to the elapsed time, whatever happened.
#include <doctest/doctest.h>

#include <random>

#include "services/delivery/why/cause_clock.h"

namespace hikyaku::delivery {
namespace {

constexpr WallTime start{std::chrono::hours{500'000}};
WallTime at(std::int64_t microseconds) { return start + std::chrono::microseconds{microseconds}; }

TEST_CASE("each cause has the time in which it ran") {
  CauseClock clock(start);
  clock.turn(Cause::Slot, at(10));
  clock.turn(Cause::Dns, at(30));
  clock.turn(Cause::Slot, at(60));
  clock.spend(at(100));
  CHECK(clock.of(Cause::Intake) == 10us);
  CHECK(clock.of(Cause::Slot) == 60us);
  CHECK(clock.of(Cause::Dns) == 30us);
  CHECK(clock.of(Cause::Reply) == 0us);
  CHECK(clock.total() == 100us);
}

TEST_CASE("pauses are taken out of the running cause, the first named first") {
  CauseClock clock(start, Cause::Schedule);
  clock.spend(at(1'000), {{at(100), at(300), Cause::Stopped}, {at(200), at(500), Cause::Hold}, {at(900), at(5'000), Cause::Hold}, {at(-50), at(20), Cause::Stopped}});
  CHECK(clock.of(Cause::Stopped) == 220us);
  CHECK(clock.of(Cause::Hold) == 300us);
  CHECK(clock.of(Cause::Schedule) == 480us);
  CHECK(clock.total() == 1'000us);
  clock.spend(at(1'000), {{at(0), at(2'000), Cause::Hold}});  // no time passed
  CHECK(clock.total() == 1'000us);
}

TEST_CASE("a clock that is set back adds nothing, and nothing twice") {
  CauseClock clock(start);
  clock.turn(Cause::Reply, at(100));
  clock.turn(Cause::Disk, at(40));
  clock.turn(Cause::Reply, at(90));
  clock.spend(at(130));
  CHECK(clock.of(Cause::Intake) == 100us);
  CHECK(clock.of(Cause::Reply) == 30us);
  CHECK(clock.of(Cause::Disk) == 0us);
  CHECK(clock.total() == clock.until() - clock.since());
}

TEST_CASE("names are read back, and every cause has words") {
  for (std::size_t n = 0; n < causes; ++n) {
    const auto cause = static_cast<Cause>(n);
    CHECK(parse_cause(cause_name(cause)) == cause);
    CHECK(!cause_words(cause, false).empty());
    CHECK(cause_words(cause, true) != cause_words(cause, false));
  }
  for (const auto* wrong : {"", "Slot", "slots", "schedule ", "none"}) CHECK(!parse_cause(wrong));
}

TEST_CASE("stretches are joined in their order; gaps are waiting, overlaps count once") {
  const auto stretch = [](std::int64_t from, std::int64_t to, Cause cause) {
    CauseClock clock(at(from), cause);
    clock.spend(at(to));
    return clock;
  };
  const auto whole = joined(start, {stretch(500, 700, Cause::Reply), stretch(100, 300, Cause::Connect), stretch(650, 800, Cause::Tls)});
  CHECK(whole.of(Cause::Intake) == 100us);
  CHECK(whole.of(Cause::Connect) == 200us);
  CHECK(whole.of(Cause::Schedule) == 200us);
  CHECK(whole.of(Cause::Reply) == 200us);
  CHECK(whole.of(Cause::Tls) == 100us);
  CHECK(whole.total() == 800us);
  CHECK(joined(start, {}).total() == 0us);
  CHECK(joined(start, {stretch(-50, 20, Cause::Dns)}).total() == 20us);
}

TEST_CASE("a clock comes back from its parts") {
  CauseClock clock(start);
  clock.turn(Cause::Dns, at(7));
  clock.turn(Cause::Reply, at(19));
  std::array<CauseClock::Micros, causes> parts{};
  for (std::size_t n = 0; n < causes; ++n) parts[n] = clock.of(static_cast<Cause>(n));
  CHECK(CauseClock::of_parts(start, parts, Cause::Reply) == clock);
  parts[0] = CauseClock::Micros{-5};
  CHECK(CauseClock::of_parts(start, parts, Cause::Reply).total() == 12us);
}

// 2,000 histories of clocks that are turned, paused, appended to each other, and whose clock on the wall jumps.
TEST_CASE("random histories add up exactly") {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::int64_t n) { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n)); };
    WallTime now = start;
    CauseClock clock(now, static_cast<Cause>(below(causes)));
    for (int step = 0; step < 30; ++step) {
      now += std::chrono::microseconds{below(10) == 0 ? -below(5'000) : below(3'000)};
      switch (below(4)) {
        case 0: clock.turn(static_cast<Cause>(below(causes)), now); break;
        case 1: clock.spend(now); break;
        case 2: {
          std::vector<CausedPause> pauses;
          for (auto n = below(6); n > 0; --n) {
            const WallTime from = now - std::chrono::microseconds{below(6'000)};
            pauses.push_back({from, from + std::chrono::microseconds{below(4'000) - 500}, static_cast<Cause>(below(causes))});
          }
          clock.spend(now, pauses);
          break;
        }
        default: {
          CauseClock part(now - std::chrono::microseconds{below(2'000) - 1'000}, static_cast<Cause>(below(causes)));
          for (auto n = below(5); n > 0; --n) part.turn(static_cast<Cause>(below(causes)), now += std::chrono::microseconds{below(2'000)});
          REQUIRE(part.total() == part.until() - part.since());
          clock.append(part);
        }
      }
      REQUIRE_MESSAGE(clock.total() == clock.until() - clock.since(), "seed " << seed << ", step " << step);
      for (std::size_t n = 0; n < causes; ++n) REQUIRE(clock.of(static_cast<Cause>(n)) >= 0us);
    }
  }
}

}  // namespace
}  // namespace hikyaku::delivery
