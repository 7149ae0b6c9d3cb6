// What reception tells of the DNS lists it asks (counters/receive/lists).
#pragma once

#include "apps/cli/command.h"
#include "services/policy/list_health.h"
#include "services/settings/settings.h"

namespace hikyaku::cli {

// Empty: it tells nothing, or there is nothing to tell. `data`: the data folder.
[[nodiscard]] std::map<std::string, policy::ListStatus> lists_told(const std::string& data);
[[nodiscard]] std::map<std::string, policy::ListStatus> lists_told(const settings::Settings& settings);

// Why it is off, for people: "it lists everything".
[[nodiscard]] Words trouble_of(policy::ListState found);

}  // namespace hikyaku::cli
