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
#include "services/policy/dns_list.h"
#include "services/policy/rule.h"

namespace hikyaku::policy {

class AccessTable;

// Whose domain the sender claims.
enum class SenderIs : std::uint8_t { Foreign, Ours };

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
  std::shared_ptr<const AccessTable> access;  // null: none
  bool name_rules = false;  // replies end with the rule's id

  [[nodiscard]] Mode mode(RuleId id) const { return modes[static_cast<std::size_t>(id)]; }
};

}  // namespace hikyaku::policy
