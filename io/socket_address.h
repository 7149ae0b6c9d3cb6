// Addresses as values: IpAddress, SocketAddress (IP and port, or the path of a Unix socket) and IpNetwork (CIDR).
// No I/O, no name look-ups.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::io {

enum class IpFamily : std::uint8_t { V4, V6 };

// IPv4 or IPv6. An IPv4 address mapped into IPv6 (::ffff:192.0.2.1) is kept as the IPv4 address it is.
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  // "192.0.2.1" or "2001:db8::1"; nothing for any other text, brackets, zones and short forms like "127.1" included.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  // 4 or 16 octets, network order.
  [[nodiscard]] static std::optional<IpAddress> from_octets(std::string_view octets);

  [[nodiscard]] IpFamily family() const { return family_; }
  [[nodiscard]] std::string_view octets() const {
    return {reinterpret_cast<const char*>(octets_.data()), family_ == IpFamily::V4 ? 4U : 16U};
  }
  [[nodiscard]] std::string to_string() const;  // RFC 5952
  [[nodiscard]] bool is_loopback() const;       // 127.0.0.0/8, ::1
  // The name whose PTR record names this address: "1.2.0.192.in-addr.arpa" (RFC 1035 §3.5), "...ip6.arpa" (RFC 3596).
  [[nodiscard]] std::string reverse_name() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  IpFamily family_ = IpFamily::V4;
  std::array<std::uint8_t, 16> octets_{};
};

class IpNetwork {
 public:
  // "192.0.2.0/24", "2001:db8::/32"; a bare address is a network of one. Nothing when bits below the prefix are set:
  // "10.1.2.3/8" is more often a mistake than a wish.
  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);
  IpNetwork(IpAddress base, int prefix_bits) : base_(base), prefix_bits_(prefix_bits) {}

  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;

 private:
  IpAddress base_;
  int prefix_bits_;
};

class SocketAddress {
 public:
  SocketAddress() = default;  // unnamed: an unbound Unix socket
  SocketAddress(IpAddress ip, std::uint16_t port) : kind_(Kind::Ip), ip_(ip), port_(port) {}
  [[nodiscard]] static SocketAddress unix_path(std::string path);
  // "192.0.2.1:25", "[2001:db8::1]:25", "unix:/run/x.sock"
  [[nodiscard]] static std::optional<SocketAddress> parse(std::string_view text);
  [[nodiscard]] static SocketAddress from_system(const sockaddr_storage& storage, socklen_t length);
  // The length of what was written to `storage`; 0 when the path is too long for a Unix socket (107 octets).
  [[nodiscard]] socklen_t to_system(sockaddr_storage& storage) const;

  [[nodiscard]] bool is_ip() const { return kind_ == Kind::Ip; }
  [[nodiscard]] const IpAddress& ip() const { return ip_; }  // 0.0.0.0 when !is_ip()
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // From this machine: a loopback address or a Unix socket.
  [[nodiscard]] bool is_local() const { return !is_ip() || ip_.is_loopback(); }
  [[nodiscard]] std::string to_string() const;  // what parse() takes

  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;

 private:
  enum class Kind : std::uint8_t { Unix, Ip };
  Kind kind_ = Kind::Unix;
  IpAddress ip_;
  std::uint16_t port_ = 0;
  std::uint32_t scope_ = 0;  // of an IPv6 link-local address that the system gave us
  std::string path_;
};

}  // namespace hikyaku::io
