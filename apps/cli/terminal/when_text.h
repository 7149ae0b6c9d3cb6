// Points in time as an operator types and reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace hikyaku::cli {

// "18:00" (the next one), "2026-11-25 18:00", "2026-11-25" (its beginning), each in the machine's time zone; "+2h", "2h"
// (from now), "-2h" (ago), "now"; or a stamp of ours. Nothing: none of these. Linear.
[[nodiscard]] std::optional<WallTime> parse_when(std::string_view text, WallTime now);
// The same of what has passed: "90m", "2h", "7d" are ago ("-7d" is the same), "18:00" is the last one. A day alone is its beginning
// for parse_since, its end for parse_until.
[[nodiscard]] std::optional<WallTime> parse_since(std::string_view text, WallTime now);
[[nodiscard]] std::optional<WallTime> parse_until(std::string_view text, WallTime now);
// "90s", "30m", "2h", "7d"; at most 100 years.
[[nodiscard]] std::optional<std::chrono::seconds> parse_span(std::string_view text);
// "2026-11-25 18:00", for tables and sheets.
[[nodiscard]] std::string minute_text(WallTime when);
// "2026-11-22": a day of the calendar, as logs are named by. Linear.
[[nodiscard]] bool is_day(std::string_view text);

}  // namespace hikyaku::cli
