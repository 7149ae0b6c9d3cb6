// Networks as settings name them: an address, or address/prefix.
#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "base/cursor.h"
#include "services/settings/settings.h"

namespace hikyaku::settings {

namespace {

struct Network {
  std::array<unsigned char, 16> octets{};  // IPv4 as ::ffff:a.b.c.d
  unsigned prefix_bits = 128;
};

std::optional<Network> parse_network(std::string_view text) {
  Network network;
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  unsigned most = 128;
  unsigned char v4[4];
  if (inet_pton(AF_INET, address.c_str(), v4) == 1) {
    network.octets[10] = network.octets[11] = 0xff;
    std::memcpy(&network.octets[12], v4, 4);
    most = 32;
  } else if (inet_pton(AF_INET6, address.c_str(), network.octets.data()) != 1) {
    return std::nullopt;
  }
  if (slash == std::string_view::npos) return network;
  Cursor in(text.substr(slash + 1));
  if (!is_digit(in.peek())) return std::nullopt;
  const auto bits = parse_number(in, most);
  if (!bits || !in.at_end()) return std::nullopt;
  network.prefix_bits = 128 - most + static_cast<unsigned>(*bits);
  return network;
}

bool contains(const Network& network, const Network& address) {
  for (unsigned bit = 0; bit < network.prefix_bits; bit += 8) {
    const unsigned left = network.prefix_bits - bit;
    const unsigned mask = left >= 8 ? 0xffU : (0xff00U >> left) & 0xffU;
    if ((network.octets[bit / 8] ^ address.octets[bit / 8]) & mask) return false;
  }
  return true;
}

}  // namespace

bool is_network(std::string_view network) { return parse_network(network).has_value(); }

bool address_is_in(std::string_view address, const std::vector<std::string>& networks) {
  if (networks.empty()) return false;
  const auto wanted = parse_network(address);
  if (!wanted || wanted->prefix_bits != 128) return false;
  for (const auto& text : networks) {
    const auto network = parse_network(text);
    if (network && contains(*network, *wanted)) return true;
  }
  return false;
}

}  // namespace hikyaku::settings
