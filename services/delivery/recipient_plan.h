// RecipientPlan: what delivery does with one recipient, decided from the directory alone. The order is fixed: aliases,
// then local domains and accounts, then the route table, then hosts and MX.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "mail/address.h"
#include "services/delivery/next_hop.h"
#include "services/directory/directory.h"

namespace hikyaku::delivery {

struct ToMailbox {
  directory::LocalTarget target;
};
struct ToNextHop {
  NextHop hop;
};
// An alias with several targets, or one elsewhere: it becomes one new mail to all of them, recorded once before the first copy leaves.
struct ToTargets {
  std::vector<Address> targets;
  bool truncated = false;  // there are more: plan again with a higher limit, on a worker
};
struct CannotDeliver {
  std::string status;       // RFC 3463
  std::string explanation;  // one sentence for the sender
};
using RecipientPlan = std::variant<ToMailbox, ToNextHop, ToTargets, CannotDeliver>;

constexpr std::size_t targets_looked_up_on_a_loop = 100;
// No I/O, never waits.
[[nodiscard]] RecipientPlan plan_recipient(const directory::Snapshot& directory, const Address& recipient,
                                           std::size_t most_targets = targets_looked_up_on_a_loop);

}  // namespace hikyaku::delivery
