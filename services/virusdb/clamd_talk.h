// One question to clamd, with blocking calls and a limit each: for who runs on a worker or a command line.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "io/socket_address.h"

namespace hikyaku::virusdb {

// `octets`: a command, with what follows it. The reply; the error is one sentence.
[[nodiscard]] Result<std::string, std::string> ask_clamd(const io::SocketAddress& clamd, std::string_view octets, Duration limit);
struct Telling {
  std::string infected;      // what it must find
  std::uint64_t daily = 0;   // the version of the daily patterns that it must name then (VERSION); 0: there are none
  Duration limit{};
  int stop_descriptor = -1;  // readable: nobody waits any more
};
// Has it read its patterns anew, and waits until it finds what is infected with the patterns it was told of. An empty sentence: it does.
[[nodiscard]] std::string tell_clamd(const io::SocketAddress& clamd, const Telling& telling);

}  // namespace hikyaku::virusdb
