// ScanPlaces: how many scans run at once, over all loops of the process together. Who finds none free waits in turn; a place that becomes
// free is given to the first who waits, on whatever loop: nobody overtakes, and one slow scan keeps no loop waiting while others have room.
#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "base/task.h"
#include "io/loop.h"

namespace hikyaku::scanning {

// Thread-safe. Loops must not end while somebody of them waits.
class ScanPlaces {
 public:
  // False: the deadline passed, or the loop stops. True: leave() must follow.
  Task<bool> enter(io::Loop& loop, std::size_t at_once, Deadline deadline);
  void leave();
  [[nodiscard]] std::size_t running() const;

 private:
  struct Turn;
  // False: it has been given the place already.
  bool withdraw(const std::shared_ptr<Turn>& turn);

  mutable std::mutex mutex_;
  std::size_t running_ = 0;
  std::deque<std::shared_ptr<Turn>> waiting_;
};

}  // namespace hikyaku::scanning
