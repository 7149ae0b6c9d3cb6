// RateBook: the rates of all loops of reception together.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "services/policy/rate.h"

namespace hikyaku::receive {

// Thread-safe.
class RateBook {
 public:
  void set(std::vector<policy::Rate> rates) {
    const std::lock_guard lock(mutex_);
    rates_.set(std::move(rates));
  }
  std::optional<policy::Rates::Over> take(const policy::RateSubject& subject, Instant now) {
    const std::lock_guard lock(mutex_);
    return rates_.take(subject, now);
  }

 private:
  std::mutex mutex_;
  policy::Rates rates_;
};

}  // namespace hikyaku::receive
