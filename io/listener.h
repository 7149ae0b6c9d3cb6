// Listening sockets and outbound connections.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "io/connection.h"
#include "io/descriptor.h"
#include "io/io_error.h"
#include "io/loop.h"
#include "io/socket_address.h"

namespace hikyaku::io {

// A bound, listening, non-blocking socket. For IPv6 only IPv6 (list 0.0.0.0 beside [::]). A Unix socket's stale file is
// replaced; its mode is 0660.
IoResult<Descriptor> listen_on(const SocketAddress& address, int backlog = 1024);

// The address a socket is bound to: tells the port the kernel chose.
[[nodiscard]] SocketAddress local_address(int socket);

struct Accepted {
  Descriptor socket;  // non-blocking, close-on-exec, without Nagle's delay, with keep-alive
  SocketAddress peer;
};

// Accepts from a listening socket, often inherited and shared with other loops or a predecessor.
class Listener {
 public:
  Listener(Loop& loop, Descriptor socket);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(); }

  // The next connection, or TimedOut, Cancelled, Closed (after close()). When the process is out of descriptors or
  // memory it pauses 100 ms and tries again, telling on_shortage each time; connections wait in the backlog.
  Task<IoResult<Accepted>> accept(Deadline deadline = Instant::max());
  // Ends a waiting accept(). From the loop's thread.
  void close();

  [[nodiscard]] SocketAddress address() const { return local_address(socket_.get()); }

  std::function<void(const IoError&)> on_shortage;

 private:
  Loop& loop_;
  Descriptor socket_;
};

// Connects to `address`; `from` is the local address to use, if any (its port is normally 0).
// Errors: Refused, Unreachable, TimedOut, Cancelled, NoResources.
Task<IoResult<std::unique_ptr<Connection>>> connect(Loop& loop, SocketAddress address, Deadline deadline,
                                                    std::optional<SocketAddress> from = std::nullopt);

}  // namespace hikyaku::io
