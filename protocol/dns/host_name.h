// Host and domain names as mail compares them: validity (RFC 1123 §2.1, RFC 5321 §2.3.5), the one canonical form
// (A-labels in lower case, RFC 5890 §2.3.2.1), and names of addresses. Pure; no look-ups.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::dns {

inline constexpr std::size_t most_name_octets = 253;   // in text form without the root's dot
inline constexpr std::size_t most_label_octets = 63;

// Letters, digits and hyphens in labels of 1..63, at most 253 octets; a label neither starts nor ends with "-".
// An underscore is let through: enough real mail domains have one (RFC 2181 §11). No dot at the end. ASCII only.
[[nodiscard]] bool is_host_name(std::string_view name);

// The canonical form: lower case, U-labels turned into A-labels by IDNA 2008 (non-transitional, after NFC). Nothing
// when the name is no host name, when a label is not allowed, or when an "xn--" label decodes to nothing valid.
[[nodiscard]] std::optional<std::string> canonical_name(std::string_view name);
// For people: A-labels turned into U-labels where that is possible; otherwise the name itself.
[[nodiscard]] std::string display_name(std::string_view name);

// As protocol/dns/ip_text.h reads them.
[[nodiscard]] bool is_ipv4_text(std::string_view text);
[[nodiscard]] bool is_ipv6_text(std::string_view text);
// "7.2.0.192.in-addr.arpa" (RFC 1035 §3.5) or "...ip6.arpa" (RFC 3596 §2.5); nothing for other texts.
[[nodiscard]] std::optional<std::string> reverse_name(std::string_view address);

// True when `name` is `domain` or below it; both canonical.
[[nodiscard]] bool is_within(std::string_view name, std::string_view domain);

}  // namespace hikyaku::dns
