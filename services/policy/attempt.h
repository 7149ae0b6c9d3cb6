// Attempt: one recipient of one mail of one session, as far as the rules look at it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "io/socket_address.h"
#include "mail/address.h"
#include "services/directory/types.h"
#include "services/policy/dns_list.h"
#include "services/policy/rule.h"

namespace hikyaku::policy {

class AccessTable;

// Whose domain the sender claims.
enum class SenderIs : std::uint8_t { Foreign, Ours };

// An address of a relay domain is its inner server's, who may write from anywhere.
[[nodiscard]] SenderIs whose(directory::RecipientKind kind_of_sender);
// Whoever is refused may complain to the postmaster (RFC 5321 §4.5.1): no rule looks at mail for it.
[[nodiscard]] bool is_always_taken(const Address& recipient);

struct Attempt {
  io::IpAddress client;
  std::string helo;      // as said; empty: nothing yet
  std::string our_name;
  ReversePath reverse_path;
  SenderIs sender_is = SenderIs::Foreign;
  Address recipient;
  WallTime now{};
};

enum class Severity : std::uint8_t { Defer, Refuse };
// Who is greylisted: nobody, whom `reverse_name` or `s25r` object to, or every stranger.
enum class GreylistScope : std::uint8_t { Nobody, Suspects, Everybody };

// What the operator chose.
struct Config {
  std::array<Mode, rule_count> modes{};  // by RuleId
  std::vector<DnsList> dnsbl, dnswl;
  Severity reverse_name = Severity::Defer, sender_domain = Severity::Defer;
  GreylistScope greylist = GreylistScope::Nobody;
  std::chrono::seconds tarpit{};  // whom the greylist would put off may wait so long for the reply instead (taRgrey); zero: nobody
  std::shared_ptr<const AccessTable> access;  // null: none
  bool name_rules = false;  // replies end with the rule's id
  std::string s25r_reply = "S25R check, be patient", s25r_nameless_reply = "Reverse lookup failure, be patient";

  [[nodiscard]] Mode mode(RuleId id) const { return modes[static_cast<std::size_t>(id)]; }
};

}  // namespace hikyaku::policy
