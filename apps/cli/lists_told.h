// What reception tells of the DNS lists it asks (counters/receive/lists).
#pragma once

#include "services/policy/list_health.h"
#include "services/settings/settings.h"

namespace hikyaku::cli {

// Empty: it tells nothing, or there is nothing to tell. `data`: the data folder.
[[nodiscard]] std::map<std::string, policy::ListStatus> lists_told(const std::string& data);
[[nodiscard]] std::map<std::string, policy::ListStatus> lists_told(const settings::Settings& settings);

}  // namespace hikyaku::cli
