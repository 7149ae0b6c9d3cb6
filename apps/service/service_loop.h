// What the event loops of all services have in common: a bug ends one coroutine and becomes one log line, and the order to
// stop is waited for.
//
//   io::Loop loop(loop_options(service));
//   loop.spawn(stop_when_told(service, loop));     // auto told = told_to_stop(service, loop); co_await std::move(told); ...
#pragma once

#include "apps/service/service.h"
#include "base/task.h"
#include "io/loop.h"

namespace hikyaku::apps {

// An exception that leaves a coroutine is logged as bug.found; whatever that coroutine served is gone with it, the others
// go on. The service must outlive the loop.
[[nodiscard]] io::Loop::Options loop_options(Service& service);

// Returns after the order to stop, or when the loop ends.
Task<void> told_to_stop(Service& service, io::Loop& loop);

}  // namespace hikyaku::apps
