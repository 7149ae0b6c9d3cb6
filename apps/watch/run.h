// The watch: reads the queue's history that `deliver` writes, tells people when a threshold is passed, and shows metrics.
// A process of its own, so that it tells also when `deliver` hangs or is gone, and because it may do what no other
// service may: run the one command that the settings name.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_watch(Service& service);

}  // namespace hikyaku::apps
