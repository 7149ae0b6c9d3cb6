// An address to listen on, as settings write it: "192.0.2.1:25", "[2001:db8::1]:25", "*:25" (every address), and port 0
// for one the kernel chooses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::settings {

struct ListenAddress {
  std::string host;  // a numeric address without brackets; empty: every address, IPv6 and IPv4
  std::uint16_t port = 0;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

[[nodiscard]] std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace hikyaku::settings
