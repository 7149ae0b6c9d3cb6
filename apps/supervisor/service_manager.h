// ServiceManager: tells whoever started the server (systemd's Type=notify, by $NOTIFY_SOCKET) how it stands: one datagram
// "NAME=value" a line, see sd_notify(3). Without a socket in the environment nothing is sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "io/descriptor.h"

namespace hikyaku::apps {

class ServiceManager {
 public:
  // Reads NOTIFY_SOCKET ("/path", or "@name" of the abstract name space), WATCHDOG_USEC and WATCHDOG_PID, and takes them out
  // of the environment: nobody we start speaks for us.
  [[nodiscard]] static ServiceManager from_environment();

  // Never waits; what cannot be sent is lost.
  void tell(std::string_view state) const;
  // Call on every round of the loop: sends WATCHDOG=1 when half of the time that was asked for is over.
  void alive(Instant now);
  // The loop must come round at least this often; nothing: no watchdog was asked for.
  [[nodiscard]] std::optional<Duration> watchdog_interval() const { return interval_; }

 private:
  std::string address_;  // of the socket, as sockaddr_un::sun_path has it; empty: none
  std::optional<Duration> interval_;
  Instant next_{};
  io::Descriptor socket_;
};

}  // namespace hikyaku::apps
