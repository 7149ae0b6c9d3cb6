#include "apps/front/logins.h"

namespace hikyaku::apps::front {
namespace {
class AuthExchange final : public LoginExchange {
 public:
  explicit AuthExchange(directory::AuthClient& client) : exchange_(client) {}
  Task<directory::AuthStep> begin(std::string mechanism, std::optional<std::string> initial_response,
                                      directory::PeerContext peer) override {
    return exchange_.begin(std::move(mechanism), std::move(initial_response), std::move(peer));
  }
  Task<directory::AuthStep> step(std::string response) override { return exchange_.step(std::move(response)); }

 private:
  directory::AuthClient::Exchange exchange_;
};

class AuthLogins final : public Logins {
 public:
  AuthLogins(io::Loop& loop, std::string socket_path) : client_(loop, std::move(socket_path)) {}
  Task<directory::Answer<directory::PeerRights>> rights(directory::PeerContext peer) override {
    return client_.rights(std::move(peer));
  }
  std::unique_ptr<LoginExchange> exchange() override { return std::make_unique<AuthExchange>(client_); }

 private:
  directory::AuthClient client_;
};
}  // namespace

std::unique_ptr<Logins> auth_logins(io::Loop& loop, std::string socket_path) {
  return std::make_unique<AuthLogins>(loop, std::move(socket_path));
}

}  // namespace hikyaku::apps::front
