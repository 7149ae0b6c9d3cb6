// --forecast: what a hold, or stopping deliver, will have gathered by its end, and whether the disk suffices.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/command.h"
#include "services/directory/hold.h"
#include "services/history/forecast.h"

namespace hikyaku::cli {

// Which arrivals count: in each of these dimensions those whose name is chosen; without one, all.
struct ArrivalShare {
  history::Dimension by = history::Dimension::Total;
  std::function<bool(const std::string& name)> chosen;
};
using ArrivalChoice = std::vector<ArrivalShare>;
// What the hold selects, as far as arrivals tell. Domains are routed as delivery would route them now. Nothing: it was printed.
[[nodiscard]] std::optional<ArrivalChoice> arrivals_of(Invocation& call, const directory::Hold& hold);

// Prints what comes between `from` and `until`. Reads the history, changes nothing, works with every service stopped.
Exit print_forecast(Invocation& call, const ArrivalChoice& choice, WallTime from, WallTime until, WallTime now);

}  // namespace hikyaku::cli
