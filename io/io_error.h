// How a conversation over a socket fails: expected events, told apart by what the session should do next.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace hikyaku::io {

enum class IoFailure : std::uint8_t {
  Closed,       // the peer ended the stream in good order
  Reset,        // the connection broke
  TimedOut,     // the deadline passed
  Cancelled,    // this process is stopping
  Interrupted,  // Connection::interrupt(): look at what changed, then read on
  Refused,      // nobody listens there, or it may not be reached from here by permission
  Unreachable,  // no route, or no answer from the network
  Tls,          // handshake, certificate or record failure; the connection is of no further use
  NoResources,  // this machine is short of descriptors, ports or memory: not the peer's fault
};

struct IoError {
  IoFailure kind;
  std::string what;  // one sentence for logs
};

template <class T = void>
using IoResult = Result<T, IoError>;

// The failure that an errno of a socket call stands for.
[[nodiscard]] IoError io_error_of(const char* call, int error);

}  // namespace hikyaku::io
