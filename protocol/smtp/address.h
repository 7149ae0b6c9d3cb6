// Reading the addresses of an SMTP envelope: paths with and without source route (RFC 5321 §4.1.2), UTF-8 (RFC 6531 §3.3),
// the length limits of §4.5.3.1. The noun itself, Address, is mail's. Pure, linear.
#pragma once

#include <string_view>

#include "base/cursor.h"
#include "mail/address.h"

namespace hikyaku::smtp {

inline constexpr std::size_t most_local_part_octets = 64;  // RFC 5321 §4.5.3.1.1
inline constexpr std::size_t most_domain_octets = 255;     // §4.5.3.1.2
inline constexpr std::size_t most_path_octets = 256;       // §4.5.3.1.3, with the angle brackets

enum class Utf8 : std::uint8_t { Refused, Allowed };
// Of a local part without quotes: "a..b@x" and "a.@x" are no Dot-strings. Mobile carriers in Japan gave out such addresses
// for years, and what sends from and to them writes them as they are.
enum class Dots : std::uint8_t { Strict, Loose };

// Why a path was refused; each has its own enhanced code.
enum class AddressFailure : std::uint8_t {
  Syntax,      // 501 5.1.3 / 5.1.7
  TooLong,     // 501 5.1.3 / 5.1.7
  BadDomain,   // 501 5.1.2 / 5.1.8
  NeedsUtf8,   // 553 5.6.7: the address is UTF-8 and the transaction did not say SMTPUTF8
};

// Mailbox: local part unquoted, domain canonical (A-labels, lower case) or an address literal in lower case.
[[nodiscard]] Result<Address, AddressFailure> parse_mailbox(Cursor& in, Utf8 utf8, Dots dots = Dots::Strict);
// A whole text that is one mailbox, as the CLI and the directory read it.
[[nodiscard]] Result<Address, AddressFailure> parse_address(std::string_view text, Utf8 utf8 = Utf8::Allowed);

// Reverse-path = Path / "<>"; the cursor stands after "FROM:".
[[nodiscard]] Result<ReversePath, AddressFailure> parse_reverse_path(Cursor& in, Utf8 utf8, Dots dots = Dots::Strict);
// Forward-path; "<postmaster>" alone is allowed (§4.1.1.3) and gives an empty domain.
[[nodiscard]] Result<Address, AddressFailure> parse_forward_path(Cursor& in, Utf8 utf8, Dots dots = Dots::Strict);

// Domain / address-literal as HELO and EHLO take it (§4.1.1.1).
[[nodiscard]] bool is_helo_name(std::string_view text);
[[nodiscard]] bool is_valid_utf8(std::string_view text);

}  // namespace hikyaku::smtp
