// Binds what the supervisor keeps open for the services.
#pragma once

#include <string>

#include "base/result.h"
#include "io/descriptor.h"

namespace hikyaku::apps {

struct BoundSocket {
  io::Descriptor descriptor;
  std::string address;  // what it is bound to, with the port the kernel chose for port 0
};

// A listening TCP socket on a listen address of the settings ("*:25" hears IPv6 and IPv4). The error is a sentence.
[[nodiscard]] Result<BoundSocket, std::string> listen_tcp(const std::string& address);
// A Unix socket at `path`, mode 0600, listening unless it is for datagrams (a doorbell). What is there is replaced: the
// caller has the folder's lock.
[[nodiscard]] Result<BoundSocket, std::string> listen_local(const std::string& path, int socket_type);
// New connections are refused from now on, by every process that shares the socket.
void stop_listening(int descriptor);

}  // namespace hikyaku::apps
