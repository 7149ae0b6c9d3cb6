// A foreign text as one word of a line of ours: percent-encoded, without spaces, bars and control characters. Linear.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace hikyaku::policy {

[[nodiscard]] std::string line_word(std::string_view text);
// Digits only; up to the year 9999 in seconds since 1970.
[[nodiscard]] std::optional<WallTime> time_word(std::string_view word);
[[nodiscard]] std::string time_word(WallTime at);
[[nodiscard]] std::optional<std::uint64_t> number_word(std::string_view word);

}  // namespace hikyaku::policy
