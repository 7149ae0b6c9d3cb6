// CauseClock: where the time of a delivery went. At each moment one cause runs; turning to another closes it. The sum over
// all causes is the time from the beginning to the last mark by construction, whatever the clock on the wall does: a step
// back adds nothing, and is not taken for time again later.
//
// Pure values of 128 octets: no clock, no I/O; a turn costs an addition.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/delivery/schedule/stood_still.h"

namespace hikyaku::delivery {

// What a recipient waits for, or what is being done for it.
enum class Cause : std::uint8_t {
  Intake,    // in incoming, until delivery takes it up
  Schedule,  // until its next try is due, or the destination's next probe
  Hold,      // kept by an operator's hold
  Stopped,   // delivery did not run, or no name server answered anybody
  Slot,      // all deliveries at once, or its lane's share of them, were in use
  Rate,      // the destination takes no more deliveries at once
  Dns,
  Connect,
  Tls,
  Reply,     // the next hop's answers, its greeting included
  Scan,      // filters and scanners
  Disk,      // our own reading and writing
  Signing,   // signatures are made, or signer is away
};
constexpr std::size_t causes = 13;
[[nodiscard]] std::string_view cause_name(Cause cause);  // "schedule": in logs and JSON
[[nodiscard]] std::string_view cause_words(Cause cause, bool japanese);
[[nodiscard]] std::optional<Cause> parse_cause(std::string_view name);

// A part of the past with a cause of its own.
struct CausedPause {
  WallTime from, until;
  Cause cause = Cause::Stopped;
};

class CauseClock {
 public:
  using Micros = std::chrono::microseconds;
  CauseClock() = default;
  explicit CauseClock(WallTime since, Cause first = Cause::Intake) : since_(since), mark_(since), running_(first) {}

  // The running cause has the time until now; from now on `cause` runs.
  void turn(Cause cause, WallTime now) {
    spend(now);
    running_ = cause;
  }
  // The running cause goes on, but for these pauses before `now`: of two at once the one that comes first in the list counts.
  void spend(WallTime now, const std::vector<CausedPause>& pauses);
  void spend(WallTime now) {
    if (now > mark_) add(running_, now - mark_), mark_ = now;
  }
  // What another clock has counted since this one's mark; where they overlap, the overlap is counted once.
  void append(const CauseClock& later);

  // From what was written down of one.
  [[nodiscard]] static CauseClock of_parts(WallTime since, const std::array<Micros, causes>& parts, Cause running);

  [[nodiscard]] WallTime since() const { return since_; }
  [[nodiscard]] WallTime until() const { return mark_; }
  [[nodiscard]] Cause running() const { return running_; }
  [[nodiscard]] Micros of(Cause cause) const { return spent_[static_cast<std::size_t>(cause)]; }
  [[nodiscard]] Micros total() const;  // until() - since(), always
  [[nodiscard]] bool begun() const { return since_ != WallTime{}; }
  friend bool operator==(const CauseClock&, const CauseClock&) = default;

 private:
  void add(Cause cause, Micros time) { spent_[static_cast<std::size_t>(cause)] += time; }
  WallTime since_{}, mark_{};
  Cause running_ = Cause::Intake;
  std::array<Micros, causes> spent_{};
};

// The whole time since acceptance, from the stretches that attempts have told of, in any order. What lies between them was
// waiting for the next try, and before the first one waiting to be taken up.
[[nodiscard]] CauseClock joined(WallTime accepted_at, std::vector<CauseClock> stretches);

// A cause clock with the time to read; shared by those who work on one job. `now` outlives it. Who waits for a peer says how
// the wait can be ended, for others may need what it holds.
class CauseWatch {
 public:
  CauseWatch(const Clock& now, CauseClock clock) : now_(now), clock_(clock) {}
  void turn(Cause cause) { clock_.turn(cause, now_.wall()); }
  [[nodiscard]] const CauseClock& clock() const { return clock_; }

  void set_end(std::function<void()> end) { end_ = std::move(end); }  // nothing: it cannot be ended
  [[nodiscard]] bool can_end() const { return end_ != nullptr && !ended_early_; }
  void end_early() {
    ended_early_ = true;
    end_();
  }
  [[nodiscard]] bool ended_early() const { return ended_early_; }

 private:
  const Clock& now_;
  CauseClock clock_;
  std::function<void()> end_;
  bool ended_early_ = false;
};

}  // namespace hikyaku::delivery
