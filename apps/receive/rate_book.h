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
  // For `hikyaku policy rates`: one a line, "RATE TAB USED TAB AGAIN_IN TAB WHO", the fullest first. Others wait meanwhile, for some milliseconds.
  std::string text(Instant now) const {
    constexpr std::size_t most = 1'000;
    std::vector<policy::Rates::Used> used;
    {
      const std::lock_guard lock(mutex_);
      used = rates_.fullest(now, most);
    }
    std::string text;
    for (const auto& one : used) text += policy::rate_text(one.rate) + '\t' + std::to_string(one.used) + '\t' + std::to_string(one.again_in.count()) + '\t' + one.who + '\n';
    return text;
  }
  std::optional<policy::Rates::Over> take(const policy::RateSubject& subject, Instant now) {
    const std::lock_guard lock(mutex_);
    return rates_.take(subject, now);
  }

 private:
  mutable std::mutex mutex_;
  policy::Rates rates_;
};

}  // namespace hikyaku::receive
