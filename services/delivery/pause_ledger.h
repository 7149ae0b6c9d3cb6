// PauseLedger: when delivery was stopped, so that stopped time counts against no retry period. It survives restarts in
// one small file: the times of the pauses, and the last time the running service was seen alive.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "io/disk.h"

namespace hikyaku::delivery {

class PauseLedger {
 public:
  // Reads the file (none: no pauses) and closes the pause that ended now. Blocks.
  static io::DiskResult<PauseLedger> open(io::Disk& disk, std::string path, WallTime now);

  // Still alive: a pause can have begun after `now` at the earliest. Every ten seconds or so, and at an ordered stop.
  // Blocks (one small file is replaced).
  io::DiskResult<> seen_alive(WallTime now);

  // How much of the time between the two delivery was stopped. Pauses are kept for 60 days.
  [[nodiscard]] Duration paused_between(WallTime from, WallTime until) const;

 private:
  PauseLedger(io::Disk& disk, std::string path) : disk_(&disk), path_(std::move(path)) {}
  io::Disk* disk_;
  std::string path_;
  std::vector<std::pair<WallTime, WallTime>> pauses_;  // ascending, apart from each other
};

}  // namespace hikyaku::delivery
