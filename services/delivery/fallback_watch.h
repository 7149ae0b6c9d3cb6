// FallbackWatch: whether a row's own hosts or its fallback relay shall be tried, by how often the own ones failed in turn.
// Once the fallback has taken over, the own hosts are tried again once a minute, so that they take back what is theirs.
// Pure, bounded by the destinations that fail; O(1).
#pragma once

#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace hikyaku::delivery {

class FallbackWatch {
 public:
  enum class Use : std::uint8_t { Own, OwnThenFallback, Fallback };
  [[nodiscard]] Use use(const std::string& destination, std::uint32_t after, Instant now) const {
    const auto found = failing_.find(destination);
    if (found == failing_.end() || found->second.failures < after) return Use::Own;
    return now - found->second.last >= own_again ? Use::OwnThenFallback : Use::Fallback;
  }
  void failed(const std::string& destination, Instant now) {
    if (failing_.size() >= most && !failing_.contains(destination)) failing_.clear();  // begins to count anew
    auto& state = failing_[destination];
    ++state.failures;
    state.last = now;
  }
  void answered(const std::string& destination) { failing_.erase(destination); }

 private:
  static constexpr Duration own_again = 60s;
  static constexpr std::size_t most = 100'000;
  struct State {
    std::uint32_t failures = 0;  // in turn
    Instant last{};
  };
  std::unordered_map<std::string, State> failing_;
};

}  // namespace hikyaku::delivery
