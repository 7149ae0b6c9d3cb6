// PacedClock: a wall clock that never jumps within its life. It follows the machine's clock; when that one is set by more
// than `followed` at once, or the machine slept, it goes on at the pace of the steady clock and tells by how much they differ.
// Who keeps schedules by it is told nothing false; when to begin anew with the machine's time is the owner's choice.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace hikyaku {

class PacedClock final : public Clock {
 public:
  static constexpr Duration followed = 10s;  // smaller corrections are taken as they come

  explicit PacedClock(const Clock& machine) : machine_(machine) {
    const auto first = read();
    ahead_ = first.ahead();
  }

  // No I/O, thread-safe.
  [[nodiscard]] WallTime wall() const override {
    const auto here = read();
    const auto ahead = ahead_.load(std::memory_order_relaxed);
    if (jumped(here.ahead() - ahead)) return WallTime{std::chrono::duration_cast<std::chrono::microseconds>(here.steady.time_since_epoch() + ahead)};
    ahead_.store(here.ahead(), std::memory_order_relaxed);
    return here.wall;
  }
  [[nodiscard]] Instant now() const override { return machine_.now(); }
  // How far the machine's clock is ahead of this one (negative: behind it) since it was set; zero: it was not.
  [[nodiscard]] Duration stepped() const {
    const auto by = read().ahead() - ahead_.load(std::memory_order_relaxed);
    return jumped(by) ? by : Duration{};
  }

 private:
  struct Reading {
    Instant steady;
    WallTime wall;
    [[nodiscard]] Duration ahead() const { return Duration(wall.time_since_epoch()) - steady.time_since_epoch(); }
  };
  // Both clocks at one instant: a thread that was put aside between the two looks again.
  [[nodiscard]] Reading read() const {
    constexpr int most = 10;
    for (int tries = 1;; ++tries) {
      const Reading reading{machine_.now(), machine_.wall()};
      if (machine_.now() - reading.steady < 100ms || tries == most) return reading;
    }
  }
  [[nodiscard]] static bool jumped(Duration by) { return by > followed || by < -followed; }

  const Clock& machine_;
  mutable std::atomic<Duration> ahead_{Duration{}};
};

}  // namespace hikyaku
