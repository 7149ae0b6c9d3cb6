// StepWatch: one step of an event loop, from construction to destruction. A debug build (HIKYAKU_DEBUG) aborts when it was
// too long, since everybody else waits meanwhile; a release build measures nothing.
#pragma once

#include "base/clock.h"

namespace hikyaku::io {

// What a step cost its thread: CPU time, and how often the kernel took the processor away from it.
struct StepCost {
  Duration cpu{};
  long preemptions = 0;
};

// CPU time and not the wall's: a busy machine is not the step's fault. On a virtual machine what a hypervisor took, or its
// memory cost, is counted as CPU time all the same (a step of 1 ms was seen to "use" 39), and whoever waited comes next:
// a step that was interrupted may use interrupted_allowance times the limit.
constexpr int interrupted_allowance = 4;
constexpr bool too_long(StepCost cost, Duration longest) {
  return cost.cpu > (cost.preemptions == 0 ? longest : interrupted_allowance * longest);
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
#else
  explicit StepWatch(Duration) {}
#endif
};

}  // namespace hikyaku::io
