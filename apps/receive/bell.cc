#include "apps/receive/bell.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace hikyaku::receive {
namespace {
constexpr char ring_octet = '!', ask_octet = '?';
}

void Bell::ring() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  if (!datagrams_) datagrams_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (::sendto(datagrams_.get(), &ring_octet, 1, MSG_DONTWAIT | MSG_NOSIGNAL, to, sizeof address) == 1) return;
  if (errno != EPROTOTYPE) return;
  // A bell bound as a stream hears a connection.
  const io::Descriptor stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  (void)::connect(stream.get(), to, sizeof address);
}

void Bell::ask_for(std::string_view domain) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path || domain.size() > 255) return;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  const io::Descriptor datagrams(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const std::string wish = ask_octet + std::string(domain);
  (void)::sendto(datagrams.get(), wish.data(), wish.size(), MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace hikyaku::receive
