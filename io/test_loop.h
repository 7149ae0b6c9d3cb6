// Runs one coroutine on a fresh loop of its own until it ends, for tests.
#pragma once

#include "io/loop.h"

namespace hikyaku::io {

inline Task<void> then_stop(Loop& loop, Task<void> task) {
  co_await std::move(task);
  loop.stop();
}

// Fails by the test's own time limit when `task` hangs: tests give every wait a deadline.
inline void run_to_end(Loop& loop, Task<void> task) {
  loop.spawn(then_stop(loop, std::move(task)));
  loop.run();
}

}  // namespace hikyaku::io
