// S25R (H. Asami's Selective SMTP Rejection): the shape of a client's name says that it is rather somebody's line at home than a mail
// server. The six expressions of the published rules and "unknown", each as a few lines of code: linear, no expression engine.
#pragma once

#include <optional>
#include <string_view>

namespace hikyaku::policy {

// The number of the first rule that matches: 0 "unknown", 1 to 6 the expressions as published. Any case. Nothing: none matches.
[[nodiscard]] std::optional<unsigned> s25r_rule(std::string_view client_name);
// The rule as published: "^[^.]*[0-9]{5}". `rule`: 0 to 6.
[[nodiscard]] std::string_view s25r_expression(unsigned rule);

}  // namespace hikyaku::policy
