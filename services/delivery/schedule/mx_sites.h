// MxSites: which destination a domain's mail is for. The MX hosts are the destination, not the domain: two domains with the
// same hosts share state and limits. Remembered for a few minutes over DNS's own times to live; bounded; pure.
#pragma once

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace hikyaku::delivery {

// "mx:mx1.example.net,mx2.example.net": the hosts in the order of the alphabet, each once. `domain` when there are none, or
// when the name would be too long to show: such a domain is a destination of its own.
[[nodiscard]] inline std::string site_key(std::vector<std::string> hosts, const std::string& domain) {
  constexpr std::size_t longest = 400;
  std::ranges::sort(hosts);
  const auto doubles = std::ranges::unique(hosts);
  hosts.erase(doubles.begin(), doubles.end());
  std::string key = "mx:";
  for (const auto& host : hosts) key += (key.size() > 3 ? "," : "") + host;
  return hosts.empty() || key.size() > longest ? "mx:" + domain : key;
}

class MxSites {
 public:
  static constexpr std::size_t most = 50'000;  // domains
  static constexpr auto remembered = std::chrono::minutes{10};
  static constexpr auto remembered_failure = std::chrono::seconds{30};

  // Null: not known (any more).
  [[nodiscard]] const std::string* find(const std::string& domain, WallTime now) const {
    const auto found = sites_.find(domain);
    return found == sites_.end() || found->second.until <= now ? nullptr : &found->second.key;
  }
  void learn(const std::string& domain, std::string key, WallTime until) {
    if (sites_.size() >= most) sites_.clear();
    sites_[domain] = {std::move(key), until};
  }
  [[nodiscard]] std::size_t size() const { return sites_.size(); }

 private:
  struct Site {
    std::string key;
    WallTime until;
  };
  std::unordered_map<std::string, Site> sites_;
};

}  // namespace hikyaku::delivery
