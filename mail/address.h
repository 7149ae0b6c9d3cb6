// Address: a mailbox as SMTP means it (RFC 5321 §4.1.2 Mailbox, RFC 6531 for UTF-8): local part and domain, as plain
// values. Parsing is protocol/smtp's and protocol/mime's; this is the noun all services pass around.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace hikyaku {

struct Address {
  std::string local_part;  // unquoted and unescaped; at most 64 octets
  std::string domain;      // lower-case ASCII (A-label) or UTF-8 as given; address literals with their brackets

  // The form used on the wire, quoted where needed. The null reverse-path is not an Address.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool empty() const { return local_part.empty() && domain.empty(); }
  friend auto operator<=>(const Address&, const Address&) = default;
};

// The reverse-path: an address, or nothing at all ("<>": a bounce or another notification).
struct ReversePath {
  Address address;  // empty(): the null reverse-path
  [[nodiscard]] bool is_null() const { return address.empty(); }
  [[nodiscard]] std::string text() const { return is_null() ? "" : address.text(); }
  friend auto operator<=>(const ReversePath&, const ReversePath&) = default;
};

}  // namespace hikyaku
