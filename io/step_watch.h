// StepWatch: one step of an event loop, from construction to destruction. A debug build (HIKYAKU_DEBUG) aborts when it was
// too long, since everybody else waits meanwhile; a release build measures nothing.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace hikyaku::io {

// What a step cost its thread: CPU time, and how often the kernel took the processor away from it.
struct StepCost {
  Duration cpu{};
  long preemptions = 0;
};

// CPU time and not the wall's: a busy machine is not the step's fault. On a virtual machine what a hypervisor took, or its memory cost, is counted as CPU time
// all the same (a step of 1 ms was seen to "use" 39 ms). So a debug build has a witness, a thread that does nothing but beat: while the whole machine stands still it
// does not, and a step is charged for no more than its beats stand for.
constexpr Duration beat_interval = std::chrono::milliseconds{10};
constexpr Duration charged(Duration cpu, long beats) { return std::min<Duration>(cpu, 2 * beat_interval * (beats + 1)); }

// Where only one processor stood still, whoever waited comes next: a step that lost the processor once or a few times may use stall_allowance
// times the limit. One that works so long beside others loses it each few milliseconds, and one that nobody interrupts has the limit.
constexpr int stall_allowance = 4;
constexpr long most_preemptions_of_a_stall = 8;
constexpr bool too_long(StepCost cost, Duration longest) {
  const bool may_be_a_stall = cost.preemptions > 0 && cost.preemptions <= most_preemptions_of_a_stall;
  return cost.cpu > (may_be_a_stall ? stall_allowance * longest : longest);
}

// The limit of a debug build: 50 ms, ten times that under sanitizers, or HIKYAKU_LONGEST_STEP_MS.
Duration usual_longest_step();

class StepWatch {
 public:
#ifdef HIKYAKU_DEBUG
  explicit StepWatch(Duration longest);
  ~StepWatch();

 private:
  Duration longest_;
  StepCost start_;
  long beats_;
#else
  explicit StepWatch(Duration) {}
#endif
};

}  // namespace hikyaku::io
