// Whether an address is one of this machine's own, now. Asks the kernel, by no more than a socket of its own: works in a
// confined process, and follows addresses that come and go.
#pragma once

#include "io/socket_address.h"

namespace hikyaku::io {

// Every loopback address is, and so is "any" (0.0.0.0, ::), to which a connection comes back. False too where the kernel lets
// anybody bind to any address (net.ipv4.ip_nonlocal_bind) and so cannot tell. A few system calls, never waits.
[[nodiscard]] bool is_own_address(const IpAddress& address);

}  // namespace hikyaku::io
