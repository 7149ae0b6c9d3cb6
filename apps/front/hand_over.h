// The message with which a front gives a logged-in client to its store: who it is, and one end of a socketpair (the one
// descriptor of the channel message) that carries the plain stream. The reply says whether the store took it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mail/account_id.h"

namespace hikyaku::apps::front {

struct HandedOver {
  AccountId account;
  std::string address;         // the account's own
  std::string client_address;  // "192.0.2.7"
  std::string tls;             // "TLSv1.3"; empty: none
  std::string listener;        // "imap", "pop3s", ...
  std::string opening;         // front::HandOver::opening

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<HandedOver> decode(std::string_view octets);
  friend bool operator==(const HandedOver&, const HandedOver&) = default;
};

enum class Taken : std::uint8_t { Yes, TooMany, Stopping };
[[nodiscard]] std::string encode(Taken taken);
// Anything unknown is nothing.
[[nodiscard]] std::optional<Taken> decode_taken(std::string_view octets);

}  // namespace hikyaku::apps::front
