// DnsHealth: whether it is our own DNS that fails, or some domain's. When look-ups of several destinations failed one after
// the other and none succeeded between, the resolver or the line is ours to mend, and nobody's period runs. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/clock.h"

namespace hikyaku::delivery {

class DnsHealth {
 public:
  static constexpr std::size_t distinct = 4;                            // destinations
  static constexpr Duration longest_excuse = std::chrono::hours{24};    // after that they are failures again: nobody waits for ever

  // True: our own trouble.
  bool failed(const std::string& destination, WallTime now) {
    if (failed_.empty()) since_ = now;
    if (failed_.size() < distinct) failed_.insert(destination);
    return failed_.size() >= distinct && now - since_ < longest_excuse;
  }
  // The trouble that ended with this answer, if there was one.
  std::optional<WallTime> answered() {
    const bool ours = failed_.size() >= distinct;
    failed_.clear();
    return ours ? std::optional(since_) : std::nullopt;
  }
  [[nodiscard]] std::optional<WallTime> trouble_since() const { return failed_.size() >= distinct ? std::optional(since_) : std::nullopt; }

 private:
  std::set<std::string> failed_;  // since the last answer, at most `distinct`
  WallTime since_{};
};

}  // namespace hikyaku::delivery
