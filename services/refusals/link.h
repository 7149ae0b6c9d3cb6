// Links by which an administrator decides about one who was put off, without a login: what the link is about and until when it counts, signed with
// HMAC-SHA-256. Whoever has the link may look and decide once; nobody can make one, or change what it is about.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace hikyaku::refusals {

inline constexpr std::size_t link_key_octets = 32;

struct LinkSubject {
  std::string network, sender, recipient;  // of the ledger's key
  WallTime expires{};                      // whole seconds
  friend bool operator==(const LinkSubject&, const LinkSubject&) = default;
};

enum class LinkFault : std::uint8_t { Forged, Expired };  // Forged: broken, or not signed by us

// Letters, digits, "-" and "_" only: the last part of a URL.
[[nodiscard]] std::string make_link(std::string_view key, const LinkSubject& subject);
// Linear; compares in constant time.
[[nodiscard]] Result<LinkSubject, LinkFault> read_link(std::string_view key, std::string_view link, WallTime now);
// The name under which it is remembered that a link was used: 32 hexadecimal digits.
[[nodiscard]] std::string link_mark(std::string_view link);

}  // namespace hikyaku::refusals
