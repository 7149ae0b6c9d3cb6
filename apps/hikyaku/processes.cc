#include "apps/hikyaku/processes.h"

namespace hikyaku::apps {

std::span<const ProcessFunction> process_functions() {
  static const std::vector<ProcessFunction> functions = {};
  return functions;
}

}  // namespace hikyaku::apps
