// FairLock: a lock in shared memory that threads of several processes take in the order they asked for it. Waiting
// costs no CPU and ends at a deadline; a holder that dies gives it up.
//
// It is a robust process-shared mutex with priority inheritance: with that protocol the kernel itself hands the lock to
// the first waiter, and nobody can barge in between.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "base/clock.h"

namespace hikyaku::storage {

class FairLock {
 public:
  enum class Taken : std::uint8_t { InOrder, AfterDeath, TimedOut };  // AfterDeath: the last holder died with it

  // Once, before anybody else can see the memory.
  void initialize();
  [[nodiscard]] Taken lock(Deadline deadline);
  // By the thread that took it.
  void unlock();

 private:
  pthread_mutex_t mutex_;
};

// Holds a FairLock until the end of the scope.
class FairHold {
 public:
  FairHold(FairLock& lock, Deadline deadline) : lock_(lock), taken_(lock.lock(deadline)) {}
  ~FairHold() {
    if (held()) lock_.unlock();
  }
  FairHold(const FairHold&) = delete;
  FairHold& operator=(const FairHold&) = delete;
  [[nodiscard]] bool held() const { return taken_ != FairLock::Taken::TimedOut; }
  [[nodiscard]] bool after_death() const { return taken_ == FairLock::Taken::AfterDeath; }

 private:
  FairLock& lock_;
  FairLock::Taken taken_;
};

}  // namespace hikyaku::storage
