#include "apps/hikyaku/processes.h"

#include "apps/deliver/run.h"
#include "apps/receive/run.h"

namespace hikyaku::apps {

std::span<const ProcessFunction> process_functions() {
  static const std::vector<ProcessFunction> functions = {{"receive", run_receive}, {"deliver", run_deliver}};
  return functions;
}

}  // namespace hikyaku::apps
