// SpoolFlusher: the threads that keep the spool's promises about time: outcomes are on disk within 20 ms, and the spool
// is tended every second. Two, because an account that is slow to flush holds up the tending.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "services/spool/spool.h"

namespace hikyaku::spool {

class SpoolFlusher {
 public:
  // `on_error` is told, on one of its threads, of each flush or tend that failed.
  SpoolFlusher(Spool& spool, std::function<void(const SpoolError&)> on_error);
  ~SpoolFlusher();  // flushes once more
  // Say it after settle(): the flush follows within 20 ms. Cheap, any thread.
  void outcomes_written();

 private:
  void run_flusher();
  void run_tender();
  Spool& spool_;
  std::function<void(const SpoolError&)> on_error_;
  std::mutex mutex_;
  std::condition_variable wake_, tending_;
  bool written_ = false, stopping_ = false;
  std::thread flusher_, tender_;
};

}  // namespace hikyaku::spool
