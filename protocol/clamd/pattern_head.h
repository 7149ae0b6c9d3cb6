// The first 512 octets of a pattern file of ClamAV (.cvd, .cld): which version it is and when it was built. Pure. What is behind them,
// and their signature, ClamAV itself verifies.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hikyaku::clamd {

inline constexpr std::size_t pattern_head_octets = 512;

struct PatternHead {
  std::uint64_t version = 0, patterns = 0;
  std::uint64_t built = 0;  // seconds since 1970
};
// "ClamAV-VDB:date:version:patterns:level:md5:signature:builder:built", filled with blanks.
[[nodiscard]] std::optional<PatternHead> parse_pattern_head(std::string_view octets);

}  // namespace hikyaku::clamd
