// IP addresses in text, strictly: dotted decimal of four numbers, and RFC 4291 §2.2. No look-ups, no system calls.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hikyaku::dns {

// "192.0.2.7"; no leading zeros, which some read as octal.
[[nodiscard]] std::optional<std::array<std::uint8_t, 4>> parse_ipv4(std::string_view text);
// "2001:db8::7", "::ffff:192.0.2.7"; no zone, no brackets.
[[nodiscard]] std::optional<std::array<std::uint8_t, 16>> parse_ipv6(std::string_view text);

}  // namespace hikyaku::dns
