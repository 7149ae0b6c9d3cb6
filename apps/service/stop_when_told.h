// The end of services that only answer requests.
#pragma once

#include "apps/service/service.h"
#include "base/task.h"
#include "io/channel.h"
#include "io/loop.h"

namespace hikyaku::apps {

// Waits for the order, then takes no requests any more and stops the loop.
Task<void> stop_when_told(Service& service, io::Loop& loop, io::ChannelServer& server);

}  // namespace hikyaku::apps
