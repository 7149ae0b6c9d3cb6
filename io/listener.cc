#include "io/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/check.h"

namespace hikyaku::io {

namespace {

constexpr Duration shortage_pause = 100ms;

std::unexpected<IoError> failed(const char* call, const SocketAddress& address, int error) {
  IoError problem = io_error_of(call, error);
  problem.what.insert(0, address.to_string() + ": ");
  return failure(std::move(problem));
}

void set_option(int socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket, level, option, &on, sizeof on);  // each is a wish: refused where it makes no sense
}

void tune(int socket, const SocketAddress& peer) {
  if (!peer.is_ip()) return;
  set_option(socket, IPPROTO_TCP, TCP_NODELAY);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE);
}

Descriptor new_socket(const sockaddr_storage& storage) {
  return Descriptor(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// Only a socket is ever replaced: a wrong path in the settings must not cost a file.
void remove_stale_socket(const SocketAddress& address) {
  struct stat status{};
  if (::lstat(address.path().c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(address.path().c_str());
}

// accept(2): errors that belong to the one connection, which is gone; the next may be fine.
bool belongs_to_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:
      return true;
    default:
      return false;
  }
}

IoError ended_by(Wake outcome) {
  if (outcome == Wake::TimedOut) return {IoFailure::TimedOut, "the deadline passed"};
  return {IoFailure::Cancelled, "this process is stopping"};
}

}  // namespace

IoResult<Descriptor> listen_on(const SocketAddress& address, int backlog) {
  sockaddr_storage storage;
  const socklen_t length = address.to_system(storage);
  if (length == 0) return failed("bind", address, ENAMETOOLONG);
  Descriptor socket = new_socket(storage);
  if (!socket) return failed("socket", address, errno);
  if (address.is_ip()) set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (storage.ss_family == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (!address.is_ip()) remove_stale_socket(address);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return failed("bind", address, errno);
  if (!address.is_ip() && ::chmod(address.path().c_str(), 0660) != 0) return failed("chmod", address, errno);
  if (::listen(socket.get(), backlog) != 0) return failed("listen", address, errno);
  return socket;
}

SocketAddress local_address(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return SocketAddress::from_system(storage, length);
}

Listener::Listener(Loop& loop, Descriptor socket) : loop_(loop), socket_(std::move(socket)) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  check(flags >= 0, "a listener is made of an open socket");
  ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
}

void Listener::close() {
  if (!socket_) return;
  loop_.forget(socket_.get());
  socket_.reset();
}

Task<IoResult<Accepted>> Listener::accept(Deadline deadline) {
  while (socket_) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    Descriptor fresh(
        ::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fresh) {
      Accepted accepted{std::move(fresh), SocketAddress::from_system(storage, length)};
      tune(accepted.socket.get(), accepted.peer);
      co_return accepted;
    }
    const int error = errno;
    if (belongs_to_connection(error)) continue;
    // accept(2): it does not listen any more. Its owner shut it down, for every process that shares it.
    if (error == EINVAL) break;
    Wake outcome{};
    if (error == EAGAIN) {
      outcome = co_await loop_.readable(socket_.get(), deadline);
    } else {
      // Out of descriptors or memory: the listening socket stays readable, and asking again at once would spin.
      if (on_shortage) on_shortage(io_error_of("accept4", error));
      outcome = co_await loop_.sleep_until(loop_.after(shortage_pause));
    }
    if (!socket_) break;
    if (outcome != Wake::Ready) co_return failure(ended_by(outcome));
  }
  co_return failure(IoError{IoFailure::Closed, "the listener is closed"});
}

Task<IoResult<std::unique_ptr<Connection>>> connect(Loop& loop, SocketAddress address, Deadline deadline,
                                                    std::optional<SocketAddress> from) {
  sockaddr_storage storage;
  const socklen_t length = address.to_system(storage);
  if (length == 0) co_return failed("connect", address, ENAMETOOLONG);
  Descriptor socket = new_socket(storage);
  if (!socket) co_return failed("socket", address, errno);
  if (from) {
    sockaddr_storage local;
    const socklen_t local_length = from->to_system(local);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&local), local_length) != 0)
      co_return failed("bind", *from, errno);
  }
  tune(socket.get(), address);
  auto connection = std::make_unique<Connection>(loop, std::move(socket), address);
  const int fd = connection->descriptor();
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    // EAGAIN from a Unix socket: its backlog is full, and nothing was begun (unlike EINPROGRESS).
    if (errno != EINPROGRESS) co_return failed("connect", address, errno);
    const Wake outcome = co_await loop.writable(fd, deadline);
    if (outcome != Wake::Ready) co_return failure(ended_by(outcome));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) co_return failed("connect", address, error);
  }
  co_return connection;
}

}  // namespace hikyaku::io
