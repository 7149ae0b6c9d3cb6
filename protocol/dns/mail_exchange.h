// The order in which the mail exchangers of a domain are tried (RFC 5321 §5.1): lowest preference first, equals shuffled,
// never ourselves nor anybody behind us, and "no mail here" (RFC 7505). Pure: answers come in as values.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hikyaku::dns {

struct MailExchange {
  std::uint16_t preference = 0;
  std::string host;  // canonical; empty: the null MX "."
  friend bool operator==(const MailExchange&, const MailExchange&) = default;
};

struct ExchangePlan {
  enum class Kind : std::uint8_t {
    Hosts,           // try `hosts` in this order
    ImplicitDomain,  // no MX record: the domain's own addresses (RFC 5321 §5.1)
    NullMx,          // the domain takes no mail: 556 5.1.10
    Loop,            // we are the best exchanger: 5.4.6
  } kind = Kind::Hosts;
  std::vector<std::string> hosts;
  std::vector<std::uint16_t> preferences;  // of each: whose addresses turn out to be ours, ends the list with all of its preference
};

// `is_ourselves(host)` tells our own names. `random(n)` gives a number below n. At most 64 hosts are kept: a domain with
// more is not served better by longer lists.
[[nodiscard]] ExchangePlan plan_exchanges(std::vector<MailExchange> records,
                                          const std::function<bool(const std::string&)>& is_ourselves,
                                          const std::function<std::uint32_t(std::uint32_t)>& random);

}  // namespace hikyaku::dns
