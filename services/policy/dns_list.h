// Lists of good and bad clients that are asked by DNS (RFC 5782). Pure: asks through Answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/socket_address.h"
#include "services/policy/answers.h"

namespace hikyaku::policy {

struct DnsList {
  std::string zone;  // "bl.example"
  // Answers that count; none: all of 127.0.0.0/8 but 127.255.255.0/24, by which lists say that they do not answer us.
  std::vector<io::IpNetwork> meanings;
};
// "bl.example", or "bl.example=127.0.0.2,127.0.0.4/30". Nothing: neither.
[[nodiscard]] std::optional<DnsList> parse_dns_list(std::string_view text);

// "7.2.0.192.bl.example"; IPv6 in nibbles (§2.4).
[[nodiscard]] std::string listing_name(const io::IpAddress& client, const std::string& zone);

struct Listing {
  enum class Kind : std::uint8_t { NotListed, Listed, Failure } kind = Kind::NotListed;
  std::string answer;  // Listed: "127.0.0.4"
};
// What the list says of a whole name in its zone. Nothing: not known yet.
[[nodiscard]] std::optional<Listing> look_up_name(const DnsList& list, const std::string& name, Answers& answers);
[[nodiscard]] std::optional<Listing> look_up(const DnsList& list, const io::IpAddress& client, Answers& answers);

}  // namespace hikyaku::policy
