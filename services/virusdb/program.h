// Runs a program of ClamAV's and waits for its end: freshclam, clamscan. What it says is kept up to a limit. Blocks.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace hikyaku::virusdb {

struct Ran {
  int status = -1;      // its exit status; -1: it did not end by itself, or could not be started
  std::string said;     // standard output and error, the last 16 KiB
  std::string trouble;  // -1: why
};
// `command[0]` is a whole path. Ended with its group after `limit`.
[[nodiscard]] Ran run_program(std::vector<std::string> command, const std::string& folder, Duration limit);

}  // namespace hikyaku::virusdb
