// The steps of a routing decision in words and as JSON.
#pragma once

#include <string>
#include <vector>

#include "apps/cli/command.h"
#include "apps/cli/route/tls.h"
#include "services/delivery/recipient_plan.h"

namespace hikyaku::cli {

struct RouteExplanation {
  Address recipient;
  delivery::RecipientPlan plan;
  delivery::PlanTrace steps;
  std::optional<TlsOutlook> tls{};  // of a next hop
  std::vector<std::string> fixed;  // what the hosts files say of the next hop's name, when they were asked
};

[[nodiscard]] std::string explanation_text(const Invocation& call, const std::vector<RouteExplanation>& all);
[[nodiscard]] std::string explanation_json(const Invocation& call, const std::vector<RouteExplanation>& all);

}  // namespace hikyaku::cli
