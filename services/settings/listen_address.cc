#include "services/settings/listen_address.h"

#include "base/cursor.h"
#include "services/settings/settings.h"

namespace hikyaku::settings {

std::string ListenAddress::text() const {
  const std::string at = ":" + std::to_string(port);
  if (host.empty()) return "*" + at;
  return host.find(':') == std::string::npos ? host + at : "[" + host + "]" + at;
}

// address = ( "*" / IPv4 / "[" IPv6 "]" ) ":" port
std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress address;
  Cursor in(text);
  if (in.take('[')) {
    address.host = in.take_while([](char c) { return c != ']'; });
    if (!in.take(']') || address.host.find(':') == std::string::npos) return std::nullopt;
  } else if (!in.take('*')) {
    address.host = in.take_while([](char c) { return c != ':'; });
    if (address.host.empty()) return std::nullopt;
  }
  if (address.host.find('/') != std::string::npos || (!address.host.empty() && !is_network(address.host))) return std::nullopt;
  if (!in.take(':') || !is_digit(in.peek())) return std::nullopt;
  const auto port = parse_number(in, 65'535);
  if (!port || !in.at_end()) return std::nullopt;
  address.port = static_cast<std::uint16_t>(*port);
  return address;
}

}  // namespace hikyaku::settings
