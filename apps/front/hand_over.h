// The message with which a front gives a logged-in client to its store: the ticket that proves the login, and one end of
// a socketpair (the one descriptor of the channel message) that carries the plain stream. The reply says whether the store
// took it. A front names no account: who it is, the store learns from `auth` (docs/adr/0011-login-tickets.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mail/account_id.h"

namespace hikyaku::apps::front {

struct HandedOver {
  std::string ticket;    // directory::AuthSuccess::ticket
  std::string tls;       // "TLSv1.3"; empty: none. This and the next for the log alone
  std::string listener;  // "imap", "pop3s", ...
  std::string opening;   // front::HandOver::opening

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<HandedOver> decode(std::string_view octets);
  friend bool operator==(const HandedOver&, const HandedOver&) = default;
};

// What a store's session is given: the first three by `auth`, the others as the front said.
struct LoggedIn {
  AccountId account;
  std::string address;         // the account's own
  std::string client_address;  // "192.0.2.7"
  std::string tls, listener, opening;
};

enum class Taken : std::uint8_t {
  Yes,
  TooMany,
  Stopping,
  Unproven,     // the ticket proves nothing (auth was restarted in between): the client must log in again
  Unavailable,  // auth does not answer
};
[[nodiscard]] std::string encode(Taken taken);
// Anything unknown is nothing.
[[nodiscard]] std::optional<Taken> decode_taken(std::string_view octets);

}  // namespace hikyaku::apps::front
