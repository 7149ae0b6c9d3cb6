// EtrnLimit: how often a domain's waiting mail may be asked for (RFC 1985 §6): once in half a minute, whoever asks.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace hikyaku::receive {

// Thread-safe. Memory: of at most 4,096 domains; when as many were asked for at once, no more are for a while.
class EtrnLimit {
 public:
  [[nodiscard]] bool admit(const std::string& domain, Instant now) {
    const std::lock_guard lock(mutex_);
    if (asked_.size() >= most_domains) std::erase_if(asked_, [now](const auto& one) { return now >= one.second; });
    const auto known = asked_.find(domain);
    if (known != asked_.end() && now < known->second) return false;
    if (known == asked_.end() && asked_.size() >= most_domains) return false;
    asked_[domain] = now + pause;
    return true;
  }

 private:
  static constexpr std::size_t most_domains = 4'096;
  static constexpr Duration pause = std::chrono::seconds{30};
  std::mutex mutex_;
  std::unordered_map<std::string, Instant> asked_;  // until when it is not again
};

}  // namespace hikyaku::receive
