// SpoolFlusher: the thread that keeps the spool's promises about time: outcomes are on disk within 20 ms, and the spool
// is tended every second.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "services/spool/spool.h"

namespace hikyaku::spool {

class SpoolFlusher {
 public:
  // `on_error` is told, on the flusher's thread, of each flush or tend that failed.
  SpoolFlusher(Spool& spool, std::function<void(const SpoolError&)> on_error);
  ~SpoolFlusher();  // flushes once more
  // Say it after settle(): the flush follows within 20 ms. Cheap, any thread.
  void outcomes_written();

 private:
  void run();
  Spool& spool_;
  std::function<void(const SpoolError&)> on_error_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool written_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace hikyaku::spool
