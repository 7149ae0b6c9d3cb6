// Service virusdb (E-Post: VMCS): keeps the virus patterns new.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_virusdb(Service& service);

}  // namespace hikyaku::apps
