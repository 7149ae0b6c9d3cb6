// Logins: what a front asks about its clients. AuthLogins asks the `auth` process; tests have their own.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "services/directory/auth_client.h"

namespace hikyaku::apps::front {

// One SASL exchange; dropping it cancels.
class LoginExchange {
 public:
  virtual ~LoginExchange() = default;
  virtual Task<directory::AuthStep> begin(std::string mechanism, std::optional<std::string> initial_response,
                                              directory::PeerContext peer) = 0;
  virtual Task<directory::AuthStep> step(std::string response) = 0;
};

class Logins {
 public:
  virtual ~Logins() = default;
  virtual Task<directory::Answer<directory::PeerRights>> rights(directory::PeerContext peer) = 0;
  virtual std::unique_ptr<LoginExchange> exchange() = 0;
};

// Over one AuthClient of the loop; `socket_path` is run/auth.sock.
[[nodiscard]] std::unique_ptr<Logins> auth_logins(io::Loop& loop, std::string socket_path);

}  // namespace hikyaku::apps::front
