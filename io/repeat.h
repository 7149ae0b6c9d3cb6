// Repeating: what is looked after again and again, with a pause between two times, until its loop stops. The one shape of a service's keepers.
#pragma once

#include <functional>

#include "io/workers.h"

namespace hikyaku::io {

// Does `step`, which tells how long to pause after it. Ends when the loop stops: in a pause at once, otherwise after the step.
Task<void> repeat(Loop& loop, std::function<Task<Duration>()> step);
// The same with a step that blocks, on a worker. When all workers are busy it is tried again after the pause.
Task<void> repeat_on_workers(Loop& loop, Workers& workers, Duration pause, std::function<void()> step);

}  // namespace hikyaku::io
