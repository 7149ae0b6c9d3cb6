// Event: a condition that coroutines of one loop wait for. It keeps no state: look at your condition, wait, look again.
#pragma once

#include "io/loop.h"
#include "io/wait.h"

namespace hikyaku::io {

class Event {
 public:
  // Ready when notified after this call.
  [[nodiscard]] Wait wait(Loop& loop, Deadline deadline) { return {loop, &waiting_, deadline, Wake::TimedOut}; }
  void notify_one() {
    if (waiting_.linked()) first().wake(Wake::Ready);
  }
  void notify_all() {
    while (waiting_.linked()) first().wake(Wake::Ready);
  }

 private:
  Wait& first() { return static_cast<Wait&>(*waiting_.next()); }
  Hook waiting_;
};

}  // namespace hikyaku::io
