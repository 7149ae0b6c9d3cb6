#include "protocol/clamd/pattern_head.h"

#include <array>

#include "base/cursor.h"

namespace hikyaku::clamd {

std::optional<PatternHead> parse_pattern_head(std::string_view octets) {
  Cursor in(octets.substr(0, pattern_head_octets));
  if (octets.size() < pattern_head_octets || !in.take("ClamAV-VDB:")) return std::nullopt;
  const auto skip = [&] { return in.take_while([](char c) { return c != ':'; }), in.take(':'); };
  constexpr std::uint64_t most = 1ULL << 40;
  if (!skip()) return std::nullopt;  // the date, in words
  const auto version = parse_number(in, most);
  if (!version || !in.take(':')) return std::nullopt;
  const auto patterns = parse_number(in, most);
  if (!patterns || !in.take(':')) return std::nullopt;
  for (int i = 0; i < 4; ++i)  // level, MD5, signature, builder
    if (!skip()) return std::nullopt;
  const auto built = parse_number(in, most);
  in.take_while([](char c) { return c == ' ' || c == '\0'; });
  if (!built || !in.at_end()) return std::nullopt;
  return PatternHead{*version, *patterns, *built};
}

}  // namespace hikyaku::clamd
