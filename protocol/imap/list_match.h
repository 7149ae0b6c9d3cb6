// LIST's patterns (RFC 9051 §6.3.9): "*" is anything, "%" anything without a separator.
#pragma once

#include <string_view>

namespace hikyaku::imap {

// Patterns longer than this match nothing.
constexpr unsigned pattern_octets_limit = 1'000;

// Cost: octets of the pattern times octets of the name. INBOX matches in any case.
[[nodiscard]] bool list_pattern_matches(std::string_view pattern, std::string_view name, char separator);

}  // namespace hikyaku::imap
