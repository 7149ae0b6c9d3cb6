// Following the log files as they grow, across midnight.
#pragma once

#include <functional>
#include <string_view>

#include "apps/cli/log/files.h"

namespace hikyaku::cli {

// Calls `visit` for every line written from now on, within a quarter of a second. Ends when the process is told to.
void follow_logs(const LogSelection& selection, const std::function<void(std::string_view)>& visit);

}  // namespace hikyaku::cli
