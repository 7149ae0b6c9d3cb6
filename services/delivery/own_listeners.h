// OwnListeners: where this server takes mail itself, so that delivery knows an MX host that leads back to us whatever it is
// called (RFC 5321 §5.1).
#pragma once

#include <string>
#include <vector>

#include "io/socket_address.h"
#include "services/settings/settings.h"

namespace hikyaku::delivery {

class OwnListeners {
 public:
  OwnListeners() = default;  // none
  // As [listen] of the settings has them: "192.0.2.1:25", "[2001:db8::1]:25", "*:25". Others, and port 0, are passed over.
  explicit OwnListeners(const std::vector<std::string>& listens);

  // A connection to `address` would come to us. For "*" the kernel is asked whose address it is: a few system calls.
  [[nodiscard]] bool include(const io::SocketAddress& address) const;

 private:
  std::vector<io::SocketAddress> exactly_;
  std::vector<std::uint16_t> everywhere_;  // ports
};

// Of the services that take mail by SMTP.
[[nodiscard]] OwnListeners own_listeners(const settings::Settings& settings);

}  // namespace hikyaku::delivery
