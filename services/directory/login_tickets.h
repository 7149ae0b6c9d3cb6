// LoginTickets: what `auth` gives a front with each successful login, and takes back from the store to which the front
// hands the client over (docs/adr/0011-login-tickets.md). A ticket is 32 random octets that mean something only in here:
// who logged in, by which protocol, from where. Good once, for a minute. A bounded table in memory, lost with the process;
// pure but for the time it is given.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "mail/account_id.h"
#include "services/directory/auth_client.h"

namespace hikyaku::directory {

class LoginTickets {
 public:
  static constexpr std::size_t ticket_octets = 32;
  static constexpr Duration lifetime = 60s;
  // A ticket lives for the milliseconds between login and hand-over; beyond this many the oldest is forgotten.
  static constexpr std::size_t most_tickets = 20'000;

  struct Login {
    AccountId account;
    Protocol protocol{};
    std::string client_address;
    WallTime began{};  // the login that proves it
  };

  [[nodiscard]] std::string issue(Login login, Instant now);
  // The login of `ticket`, which is spent by this, whatever the answer. Nothing: never issued, spent, too old, or of
  // another protocol.
  [[nodiscard]] std::optional<Login> redeem(std::string_view ticket, Protocol protocol, Instant now);
  [[nodiscard]] std::size_t size() const { return tickets_.size(); }

 private:
  struct Ticket {
    std::string secret;
    Login login;
    Instant until;
    std::list<std::uint64_t>::iterator age;
  };
  void forget_oldest();
  std::unordered_map<std::uint64_t, Ticket> tickets_;
  std::list<std::uint64_t> ages_;
};

}  // namespace hikyaku::directory
