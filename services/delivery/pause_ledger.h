// PauseLedger: when delivery was stopped, so that stopped time counts against no retry period. It survives restarts in
// one small file: the times of the pauses, and the last time the running service was seen alive. A clock that was set forward
// between the two is a pause as well (schedule/another_clock.h). Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "io/disk.h"
#include "services/delivery/schedule/stood_still.h"

namespace hikyaku::delivery {

class PauseLedger {
 public:
  // Reads the file (none: no pauses) and closes the pause that ended now. Blocks.
  static io::DiskResult<PauseLedger> open(io::Disk& disk, std::string path, WallTime now);

  // The pauses in the file and the one that goes on, for who looks while no service runs; without the file: none.
  [[nodiscard]] static Pauses on_disk(io::Disk& disk, const std::string& path, WallTime now);

  // When the life before this one was last seen alive, by its clock; of the first life: when it began.
  [[nodiscard]] WallTime alive_before() const { return alive_before_; }

  // Still alive: a pause can have begun after `now` at the earliest. Every ten seconds or so, and at an ordered stop.
  // Blocks (one small file is replaced).
  io::DiskResult<> seen_alive(WallTime now);

  // Delivery could not happen in this time for a trouble of our own. On disk with the next seen_alive().
  void add_pause(WallTime from, WallTime until);

  // How much of the time between the two delivery was stopped. Pauses are kept for 60 days.
  [[nodiscard]] Duration paused_between(WallTime from, WallTime until) const;
  // When, cut to the two; apart from each other.
  [[nodiscard]] Pauses pauses_between(WallTime from, WallTime until) const;

 private:
  PauseLedger(io::Disk& disk, std::string path) : disk_(&disk), path_(std::move(path)) {}
  io::Disk* disk_;
  std::string path_;
  WallTime alive_before_{};
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  Pauses pauses_;  // ascending, apart from each other
};

}  // namespace hikyaku::delivery
