// Times as logs and people write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace hikyaku::telemetry {

// "2026-11-30T08:20:44.123456+09:00", in the machine's time zone.
[[nodiscard]] std::string stamp_text(WallTime when);
[[nodiscard]] std::optional<WallTime> parse_stamp(std::string_view text);
// "2026-11-30", in the machine's time zone: the day a log line belongs to.
[[nodiscard]] std::string day_text(WallTime when);

}  // namespace hikyaku::telemetry
