// Sender patterns: which senders a forward or a list is for, as E-Post's permitfrom.txt has them: "user@domain",
// "*@domain", "*@*.domain" (its subdomains) or "<>" (the empty reverse-path of error mail). Compared without case. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/address.h"

namespace hikyaku::directory {

// The one form of a pattern, or nothing when it is none.
[[nodiscard]] std::optional<std::string> normal_sender_pattern(std::string_view text);
// `patterns` in that form. Linear in their number.
[[nodiscard]] bool names_sender(const std::vector<std::string>& patterns, const ReversePath& sender);

}  // namespace hikyaku::directory
