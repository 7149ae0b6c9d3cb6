// The zone of this machine's clock, for dates that people read: TZ, or /etc/localtime.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace hikyaku {

// East of UTC, at that instant: 9 h in Japan. Reads no file after the first call.
[[nodiscard]] std::chrono::minutes local_zone(WallTime when);

}  // namespace hikyaku
