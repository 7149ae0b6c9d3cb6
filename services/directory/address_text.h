// Addresses as operators and clients write them, and the form in which the directory compares them: ASCII case folded
// in both parts (RFC 5321 §2.4 lets the owner of a local part decide so).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mail/address.h"

namespace hikyaku::directory {

// "user@domain": split at the last '@'; no quotes are undone, no route. Nothing when either part is empty, too long (64
// and 255 octets) or holds a control character, or the domain is no domain. Linear.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);
// Labels of letters, digits, hyphens (not at an end), underscores and UTF-8, at most 63 octets each; or an address literal.
[[nodiscard]] bool is_domain(std::string_view name);
// Has at least two labels, or is an address literal: what mail can be routed to from outside.
[[nodiscard]] bool is_routable_domain(std::string_view name);
[[nodiscard]] std::string fold(const Address& address);  // "user@domain" in lower case
// The one form of a domain: lower case, U-labels as A-labels (RFC 5890 §2.3.2.1), which is how reception names the
// domains of SMTPUTF8 addresses. Labels that are neither ("*" of a pattern, what IDNA does not allow) are only lowered.
[[nodiscard]] std::string fold_domain(std::string_view name);
// The same of an address or a pattern of addresses, "user@domain" or "domain".
[[nodiscard]] std::string fold_pattern(std::string_view pattern);

// What some editors put before a text, and who joins two files leaves in the middle of one: no part of any row.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
[[nodiscard]] constexpr std::string_view without_mark(std::string_view row) {
  while (row.starts_with(byte_order_mark)) row.remove_prefix(byte_order_mark.size());
  return row;
}

}  // namespace hikyaku::directory
