// Time as the rest of the tree sees it: WallTime for stamps people read, Instant for waits and deadlines.
// Code that needs the time takes a Clock&, so that tests and the simulator can move it.
#pragma once

#include <chrono>

namespace hikyaku {

using namespace std::chrono_literals;
using Duration = std::chrono::nanoseconds;
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// A wait ends at `Deadline`; Instant::max() means "never".
using Deadline = Instant;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual Instant now() const = 0;
};

// The machine's clocks. No I/O (vDSO), thread-safe.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] Instant now() const override { return std::chrono::steady_clock::now(); }
};

// A clock that stands still until a test moves it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{std::chrono::seconds{1'700'000'000}}) : wall_(start) {}
  [[nodiscard]] WallTime wall() const override { return wall_; }
  [[nodiscard]] Instant now() const override { return now_; }
  void advance(Duration by) {
    wall_ += std::chrono::duration_cast<std::chrono::microseconds>(by);
    now_ += by;
  }

 private:
  WallTime wall_;
  Instant now_{};
};

}  // namespace hikyaku
