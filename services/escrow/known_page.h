// KnownPage: what reception is told of escrow: the key that it seals with, of which mails a copy is kept, and which were released. A text that people can
// read; pure, linear, bounded.
//
//   hikyaku-escrow 1 CHECKSUM          of all that follows, 16 hexadecimal digits
//   key HEX
//   kept MARK ID
//   released MARK
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "mail/trace_id.h"

namespace hikyaku::escrow {

struct KnownPage {
  static constexpr std::size_t most_octets = 16 << 20;
  static constexpr std::size_t heading_octets = 17 + 16 + 1;

  std::string key;  // octets; empty: there is none, and nothing can be kept
  std::unordered_map<std::string, TraceId> kept;  // by mark
  std::unordered_set<std::string> released;

  [[nodiscard]] std::string text() const;
  // Nothing: it is no page, or not whole.
  [[nodiscard]] static std::optional<KnownPage> parse(std::string_view text);
  friend bool operator==(const KnownPage&, const KnownPage&) = default;
};

}  // namespace hikyaku::escrow
