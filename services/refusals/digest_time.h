// When the digest is due: times of the day as the settings write them, in the machine's time zone. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace hikyaku::refusals {

// The latest of these times ("08:00") that is not after `now`, today or yesterday. Nothing: there are none. `zone`: east of UTC.
[[nodiscard]] std::optional<WallTime> last_time_of_day(const std::vector<std::string>& times, WallTime now, std::chrono::minutes zone);

}  // namespace hikyaku::refusals
