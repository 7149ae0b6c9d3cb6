// The functions of the service processes, by name.
#pragma once

#include <span>

#include "apps/service/process.h"

namespace hikyaku::apps {

[[nodiscard]] std::span<const ProcessFunction> process_functions();

}  // namespace hikyaku::apps
