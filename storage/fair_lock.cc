#include "storage/fair_lock.h"

#include <cerrno>
#include <ctime>

#include "base/check.h"

namespace hikyaku::storage {
namespace {

timespec to_timespec(std::int64_t nanoseconds) {
  return {static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)};
}

int lock_until(pthread_mutex_t& mutex, Deadline deadline) {
  if (deadline == Deadline::max()) return ::pthread_mutex_lock(&mutex);
  const auto until = to_timespec(std::max<std::int64_t>(deadline.time_since_epoch().count(), 0));
  const int result = ::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &until);
  if (result != EINVAL) return result;
  // Linux before 5.14 waits for such a lock on the wall clock only.
  const auto rest = deadline - std::chrono::steady_clock::now();
  const auto wall = std::chrono::system_clock::now().time_since_epoch() + rest;
  const auto wall_until = to_timespec(std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count());
  return ::pthread_mutex_timedlock(&mutex, &wall_until);
}

}  // namespace

void FairLock::initialize() {
  pthread_mutexattr_t attributes;
  check(::pthread_mutexattr_init(&attributes) == 0 &&
            ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
            ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
            ::pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0 &&
            ::pthread_mutex_init(&mutex_, &attributes) == 0,
        "the system has robust, shared, fair mutexes");
  ::pthread_mutexattr_destroy(&attributes);
}

FairLock::Taken FairLock::lock(Deadline deadline) {
  const int result = lock_until(mutex_, deadline);
  if (result == ETIMEDOUT) return Taken::TimedOut;
  if (result == EOWNERDEAD) {
    check_or_abort(::pthread_mutex_consistent(&mutex_) == 0, "a dead holder's lock can be taken over");
    return Taken::AfterDeath;
  }
  check_or_abort(result == 0, "a fair lock can be taken");
  return Taken::InOrder;
}

void FairLock::unlock() { check_or_abort(::pthread_mutex_unlock(&mutex_) == 0, "a fair lock is given back by its holder"); }

}  // namespace hikyaku::storage
