// The name of a client's address, as far as it can be believed: a name that the address has (PTR) and that has the address (A, AAAA),
// as Postfix's client_name, RFC 8601 §3 (iprev) and the S25R rules mean it. Pure: it asks through Answers.
#pragma once

#include <optional>
#include <string>

#include "io/socket_address.h"
#include "services/policy/answers.h"

namespace hikyaku::policy {

struct ClientName {
  enum class Proof : std::uint8_t {
    Confirmed,  // `name` leads back to the address
    NoName,     // the address has no name
    Mismatch,   // `claimed` does not lead back
    Failure,    // DNS did not say
  } proof = Proof::NoName;
  std::string name;     // Confirmed only; lower case
  std::string claimed;  // the first name of the address, believed or not

  // As the S25R rules and Postfix have it: "unknown" unless confirmed.
  [[nodiscard]] const std::string& text() const;
};

inline constexpr std::size_t most_names = 10;  // of one address that are looked at (as RFC 7208 §4.6.4)

// Nothing: not known yet.
[[nodiscard]] std::optional<ClientName> client_name(const io::IpAddress& address, Answers& answers);
// The same as far as it was asked for already; nothing is wanted for it.
[[nodiscard]] std::optional<ClientName> client_name_known(const io::IpAddress& address, const Answers& answers);

}  // namespace hikyaku::policy
