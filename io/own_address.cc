#include "io/own_address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "io/descriptor.h"

namespace hikyaku::io {
namespace {

bool can_bind(const IpAddress& address) {
  const Descriptor socket(::socket(address.family() == IpFamily::V4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return false;
  sockaddr_storage storage{};
  const auto length = SocketAddress(address, 0).to_system(storage);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0;
}

// Nobody's: reserved (RFC 1112 §4), discarded (RFC 6666).
bool anything_binds(IpFamily family) {
  static const auto nobodys_v4 = *IpAddress::parse("240.0.0.1"), nobodys_v6 = *IpAddress::parse("100::1");
  return can_bind(family == IpFamily::V4 ? nobodys_v4 : nobodys_v6);
}

// Multicast and broadcast addresses bind as well, and are no host's.
bool is_many(const IpAddress& address) {
  const auto first = static_cast<unsigned char>(address.octets().front());
  return address.family() == IpFamily::V4 ? first >= 224 : first == 0xFF;
}

}  // namespace

bool is_own_address(const IpAddress& address) {
  const bool is_any = std::ranges::all_of(address.octets(), [](char octet) { return octet == 0; });
  if (is_any || address.is_loopback()) return true;
  return !is_many(address) && can_bind(address) && !anything_binds(address.family());
}

}  // namespace hikyaku::io
