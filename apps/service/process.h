// `hikyaku service-process NAME`: the frame around every service: takes its part of the world from the supervisor,
// confines itself, opens its log, runs the service, and turns what escapes into one log line.
#pragma once

#include <span>
#include <string_view>

#include "apps/service/service.h"

namespace hikyaku::apps {

struct ProcessFunction {
  std::string_view name;  // as in apps/supervisor/service_table.cc
  RunService run;
};

// Runs on descriptor 3, the channel to the supervisor. The process's exit status.
int run_service_process(std::string_view name, std::span<const ProcessFunction> functions);

}  // namespace hikyaku::apps
