// The process of the delivery service.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_deliver(Service& service);

}  // namespace hikyaku::apps
