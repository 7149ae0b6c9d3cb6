#include "base/paced_clock.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using std::chrono::hours;

namespace {

// A machine whose wall clock can be set.
class Machine final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return time_.wall() + set_by_; }
  [[nodiscard]] Instant now() const override { return time_.now(); }
  void advance(Duration by) { time_.advance(by); }
  void step(Duration by) { set_by_ += std::chrono::duration_cast<std::chrono::microseconds>(by); }

 private:
  ManualClock time_;
  std::chrono::microseconds set_by_{};
};

}  // namespace

TEST_CASE("a paced clock follows the machine's and its small corrections") {
  Machine machine;
  const PacedClock clock(machine);
  CHECK(clock.wall() == machine.wall());
  machine.advance(hours{5});
  CHECK(clock.wall() == machine.wall());
  for (const Duration by : {Duration(9s), Duration(-9s), Duration(128ms)}) {
    machine.step(by);
    CHECK(clock.stepped() == Duration{});
    CHECK(clock.wall() == machine.wall());
  }
}

TEST_CASE("a clock that is set is not followed: time goes on at the steady pace, and the difference is told") {
  for (const Duration by : {Duration(hours{1}), Duration(hours{72}), Duration(-hours{1}), Duration(11s), Duration(-11s)}) {
    Machine machine;
    const PacedClock clock(machine);
    const auto before = clock.wall();
    machine.step(by);
    machine.advance(1min);
    CHECK(clock.wall() == before + 1min);
    CHECK(clock.stepped() == by);
    CHECK(PacedClock(machine).wall() == machine.wall());  // the next life has the machine's time
    CHECK(PacedClock(machine).stepped() == Duration{});
    machine.step(-by);  // and back: as if nothing had been
    CHECK(clock.stepped() == Duration{});
    CHECK(clock.wall() == machine.wall());
  }
}
