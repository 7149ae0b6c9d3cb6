// SourceLimits: how many deliveries may be under way from one of our own addresses: a site that counts connections by
// address counts those of all rows that share it. Mail whose row names no source goes from "default".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace hikyaku::delivery {

inline constexpr std::string_view default_source = "default";

class SourceLimits {
 public:
  void set(std::string address, std::uint32_t deliveries) { limits_[std::move(address)] = deliveries; }
  // 0: none.
  [[nodiscard]] std::uint32_t of(const std::string& source) const {
    const auto found = limits_.find(source);
    return found == limits_.end() ? 0 : found->second;
  }
  [[nodiscard]] bool empty() const { return limits_.empty(); }
  friend bool operator==(const SourceLimits&, const SourceLimits&) = default;

 private:
  std::unordered_map<std::string, std::uint32_t> limits_;
};

// A line of delivery.source_limits, "192.0.2.7 20", "2001:db8::7 20" or "default 100", added to `limits`; the failure is a
// sentence with a remedy.
[[nodiscard]] Result<void, std::string> add_source_limit(std::string_view line, SourceLimits& limits);

// The addresses a destination's row names ("host:gw:25;source=192.0.2.7"), else "default". A delivery counts for each.
[[nodiscard]] std::vector<std::string> sources_of(std::string_view key);

}  // namespace hikyaku::delivery
