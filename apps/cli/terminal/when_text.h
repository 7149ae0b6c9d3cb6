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
// "2026-11-25 18:00", for tables and sheets.
[[nodiscard]] std::string minute_text(WallTime when);
// "2026-11-22": a day of the calendar, as logs are named by. Linear.
[[nodiscard]] bool is_day(std::string_view text);

}  // namespace hikyaku::cli
