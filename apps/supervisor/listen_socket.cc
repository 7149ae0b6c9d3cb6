#include "apps/supervisor/listen_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "io/socket_address.h"
#include "services/settings/listen_address.h"

namespace hikyaku::apps {

namespace {

constexpr int backlog = 4'096;  // the kernel cuts it to net.core.somaxconn

std::string trouble(const std::string& address, int error) {
  const std::string what = "cannot listen on " + address + ": " + std::strerror(error);
  if (error == EADDRINUSE) return what + " (another program has the port)";
  if (error == EACCES) return what + " (ports below 1024 need root)";
  return what;
}

std::string bound_address(int descriptor) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return "";
  return io::SocketAddress::from_system(storage, length).to_string();
}

Result<BoundSocket, int> bind_and_listen(int family, const sockaddr* address, socklen_t length, bool every_family) {
  io::Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return failure(errno);
  const int on = 1, off = 0;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, every_family ? &off : &on, sizeof on);
  if (bind(socket.get(), address, length) != 0 || listen(socket.get(), backlog) != 0) return failure(errno);
  std::string bound = bound_address(socket.get());
  return BoundSocket{std::move(socket), std::move(bound)};
}

Result<BoundSocket, int> listen_everywhere(std::uint16_t port) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6, six.sin6_port = htons(port);
  auto bound = bind_and_listen(AF_INET6, reinterpret_cast<const sockaddr*>(&six), sizeof six, true);
  if (bound || (bound.error() != EAFNOSUPPORT && bound.error() != EADDRNOTAVAIL)) return bound;
  sockaddr_in four{};  // a machine without IPv6
  four.sin_family = AF_INET, four.sin_port = htons(port);
  return bind_and_listen(AF_INET, reinterpret_cast<const sockaddr*>(&four), sizeof four, false);
}

}  // namespace

Result<BoundSocket, std::string> listen_tcp(const std::string& address) {
  const auto parsed = settings::parse_listen_address(address);
  if (!parsed) return failure(address + " is not an address to listen on");
  Result<BoundSocket, int> bound = failure(EADDRNOTAVAIL);
  if (parsed->host.empty()) {
    bound = listen_everywhere(parsed->port);
  } else if (const auto ip = io::IpAddress::parse(parsed->host)) {
    sockaddr_storage storage{};
    const socklen_t length = io::SocketAddress(*ip, parsed->port).to_system(storage);
    bound = bind_and_listen(storage.ss_family, reinterpret_cast<const sockaddr*>(&storage), length, false);
  }
  if (!bound) return failure(trouble(address, bound.error()));
  return std::move(*bound);
}

Result<BoundSocket, std::string> listen_local(const std::string& path, int socket_type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return failure(path + " is too long for a local socket; choose a data folder with a shorter name");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  io::Descriptor socket(::socket(AF_UNIX, socket_type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return failure(trouble(path, errno));
  unlink(path.c_str());
  // Not by umask, which other threads' files would get too; until the chmod the folder's own mode keeps strangers out.
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || chmod(path.c_str(), 0600) != 0)
    return failure(trouble(path, errno));
  if (socket_type != SOCK_DGRAM && listen(socket.get(), backlog) != 0) return failure(trouble(path, errno));
  return BoundSocket{std::move(socket), path};
}

void stop_listening(int descriptor) { shutdown(descriptor, SHUT_RDWR); }

}  // namespace hikyaku::apps
