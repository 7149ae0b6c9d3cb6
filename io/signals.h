// Signals as events of a loop (signalfd), instead of handlers.
#pragma once

#include <initializer_list>

#include "io/descriptor.h"
#include "io/loop.h"

namespace hikyaku::io {

class SignalWatch {
 public:
  // Blocks the signals for the calling thread and those it starts: make it before any other thread. They stay blocked
  // for the life of the process, so that one that comes late is not fatal; unblock_signals() undoes that for a child.
  explicit SignalWatch(std::initializer_list<int> signals);

  // The number of the next signal that arrives; 0 when the deadline passes or the loop stops.
  Task<int> next(Loop& loop, Deadline deadline);

 private:
  Descriptor descriptor_;
};

// All signals as a fresh process has them: for a child between fork and exec.
void unblock_signals();

// Stops `loop` at SIGTERM or SIGINT. Spawn it on the loop: `loop.spawn(stop_on_signal(loop, watch))`.
Task<void> stop_on_signal(Loop& loop, SignalWatch& watch);

}  // namespace hikyaku::io
