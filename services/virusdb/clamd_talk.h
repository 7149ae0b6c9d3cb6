// One question to clamd, with blocking calls and a limit each: for who runs on a worker or a command line.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "io/socket_address.h"

namespace hikyaku::virusdb {

// `octets`: a command, with what follows it. The reply; the error is one sentence.
[[nodiscard]] Result<std::string, std::string> ask_clamd(const io::SocketAddress& clamd, std::string_view octets, Duration limit);
// Has it read its patterns anew, and waits until it finds what `infected` holds, which tells that they are there. An empty sentence:
// it does.
[[nodiscard]] std::string tell_clamd(const io::SocketAddress& clamd, std::string_view infected, Duration limit);

}  // namespace hikyaku::virusdb
