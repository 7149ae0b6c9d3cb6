// The penalties as lines of text, as `auth` tells them to a command: "OF FAILURES LEFT PENALTY AGO WHO", seconds. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/abuse/login_penalties.h"

namespace hikyaku::abuse {

[[nodiscard]] std::string_view place_name(LoginPenalties::Row::Of of);  // "address", "network", "account", "account-at-home"
[[nodiscard]] std::string penalties_text(const std::vector<LoginPenalties::Row>& rows);
// What makes no sense is left out.
[[nodiscard]] std::vector<LoginPenalties::Row> parse_penalties(std::string_view text);

}  // namespace hikyaku::abuse
