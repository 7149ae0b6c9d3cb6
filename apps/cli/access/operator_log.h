// The log of commands that change something by themselves, log/operator/: what, by whom. What a running service does for a
// command is in that service's log.
#pragma once

#include <string>

#include "apps/cli/command.h"
#include "base/clock.h"
#include "services/telemetry/log.h"

namespace hikyaku::cli {

// Who called, by the operating system: the user's name, or "taro (sudo)". Asked first before another user is taken on.
[[nodiscard]] const std::string& calling_user();

class OperatorLog {
 public:
  // Call it as the user of the data folder (enter_data_folder). Writes what is queued when it goes.
  explicit OperatorLog(Invocation& call);
  [[nodiscard]] telemetry::Log& log() { return log_; }

 private:
  SystemClock clock_;
  telemetry::Log log_;
};

}  // namespace hikyaku::cli
