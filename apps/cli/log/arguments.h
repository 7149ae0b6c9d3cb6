// Which time `hikyaku log` and its like are asked for: --day, --since and --until.
#pragma once

#include <optional>
#include <vector>

#include "apps/cli/command.h"
#include "base/clock.h"

namespace hikyaku::cli {

[[nodiscard]] std::vector<Option> log_time_options();

struct AskedTime {
  std::optional<WallTime> since, until;  // both included; nothing: not said
};
[[nodiscard]] AskedTime asked_time(const Invocation& call, WallTime now);
// The first moment of its day, in the machine's time zone.
[[nodiscard]] WallTime begin_of_day(WallTime time);

}  // namespace hikyaku::cli
