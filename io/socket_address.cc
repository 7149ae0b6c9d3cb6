#include "io/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace hikyaku::io {

namespace {

constexpr std::string_view mapped_prefix{"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12};

template <class Number>
std::optional<Number> parse_decimal(std::string_view text, Number largest) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > largest || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<IpAddress> IpAddress::from_octets(std::string_view octets) {
  IpAddress address;
  if (octets.size() == 16 && octets.starts_with(mapped_prefix)) octets.remove_prefix(mapped_prefix.size());
  if (octets.size() != 4 && octets.size() != 16) return std::nullopt;
  address.family_ = octets.size() == 4 ? IpFamily::V4 : IpFamily::V6;
  std::memcpy(address.octets_.data(), octets.data(), octets.size());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.contains('\0')) return std::nullopt;
  const std::string name(text);
  char octets[16];
  if (::inet_pton(AF_INET, name.c_str(), octets) == 1) return from_octets({octets, 4});
  if (::inet_pton(AF_INET6, name.c_str(), octets) == 1) return from_octets({octets, 16});
  return std::nullopt;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(family_ == IpFamily::V4 ? AF_INET : AF_INET6, octets_.data(), text, sizeof text);
  return text;
}

bool IpAddress::is_loopback() const {
  if (family_ == IpFamily::V4) return octets_[0] == 127;
  std::array<std::uint8_t, 16> loopback{};
  loopback[15] = 1;
  return octets_ == loopback;
}

std::string IpAddress::reverse_name() const {
  std::string name;
  if (family_ == IpFamily::V4) {
    for (int i = 3; i >= 0; --i) name.append(std::to_string(octets_[static_cast<std::size_t>(i)])).append(".");
    return name + "in-addr.arpa";
  }
  for (int i = 15; i >= 0; --i) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto octet = octets_[static_cast<std::size_t>(i)];
    name.append({digits[octet & 15], '.', digits[octet >> 4], '.'});
  }
  return name + "ip6.arpa";
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  const int all_bits = static_cast<int>(base->octets().size()) * 8;
  if (slash == std::string_view::npos) return IpNetwork(*base, all_bits);
  const auto bits = parse_decimal(text.substr(slash + 1), all_bits);
  if (!bits) return std::nullopt;
  for (int bit = *bits; bit < all_bits; ++bit) {
    const auto octet = static_cast<unsigned char>(base->octets()[static_cast<std::size_t>(bit / 8)]);
    if ((octet >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  return IpNetwork(*base, *bits);
}

bool IpNetwork::contains(const IpAddress& address) const {
  if (address.family() != base_.family()) return false;
  const auto whole = static_cast<std::size_t>(prefix_bits_ / 8);
  if (address.octets().substr(0, whole) != base_.octets().substr(0, whole)) return false;
  const int rest = prefix_bits_ % 8;
  if (rest == 0) return true;
  const int difference =
      static_cast<unsigned char>(address.octets()[whole]) ^ static_cast<unsigned char>(base_.octets()[whole]);
  return difference >> (8 - rest) == 0;
}

std::string IpNetwork::to_string() const { return base_.to_string() + "/" + std::to_string(prefix_bits_); }

SocketAddress SocketAddress::unix_path(std::string path) {
  SocketAddress address;
  address.path_ = std::move(path);
  return address;
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  if (text.starts_with("unix:")) {
    if (text.size() == 5 || text.contains('\0')) return std::nullopt;
    return unix_path(std::string(text.substr(5)));
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_decimal(text.substr(colon + 1), std::uint16_t{65535});
  auto host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  // Without brackets "::1:25" could be an address as a whole.
  if (!port || !ip || bracketed != host.contains(':')) return std::nullopt;
  return SocketAddress(*ip, *port);
}

SocketAddress SocketAddress::from_system(const sockaddr_storage& storage, socklen_t length) {
  if (storage.ss_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, &storage, sizeof v4);
    return {*IpAddress::from_octets({reinterpret_cast<const char*>(&v4.sin_addr), 4}), ntohs(v4.sin_port)};
  }
  if (storage.ss_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &storage, sizeof v6);
    SocketAddress address(*IpAddress::from_octets({reinterpret_cast<const char*>(&v6.sin6_addr), 16}),
                          ntohs(v6.sin6_port));
    address.scope_ = v6.sin6_scope_id;
    return address;
  }
  if (storage.ss_family != AF_UNIX || length <= offsetof(sockaddr_un, sun_path)) return {};
  const auto& local = reinterpret_cast<const sockaddr_un&>(storage);
  return unix_path({local.sun_path, ::strnlen(local.sun_path, length - offsetof(sockaddr_un, sun_path))});
}

socklen_t SocketAddress::to_system(sockaddr_storage& storage) const {
  storage = {};
  if (!is_ip()) {
    sockaddr_un local{};
    if (path_.size() >= sizeof local.sun_path) return 0;
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path_.data(), path_.size());
    std::memcpy(&storage, &local, sizeof local);
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size() + 1);
  }
  if (ip_.family() == IpFamily::V4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port_);
    std::memcpy(&v4.sin_addr, ip_.octets().data(), 4);
    std::memcpy(&storage, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port_);
  v6.sin6_scope_id = scope_;
  std::memcpy(&v6.sin6_addr, ip_.octets().data(), 16);
  std::memcpy(&storage, &v6, sizeof v6);
  return sizeof v6;
}

std::string SocketAddress::to_string() const {
  if (!is_ip()) return "unix:" + path_;
  const std::string host = ip_.family() == IpFamily::V6 ? "[" + ip_.to_string() + "]" : ip_.to_string();
  return host + ":" + std::to_string(port_);
}

}  // namespace hikyaku::io
