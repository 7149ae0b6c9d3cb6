#include "services/delivery/recipient_plan.h"

namespace hikyaku::delivery {
namespace {

RecipientPlan onwards(const directory::Snapshot& directory, const Address& address) {
  const auto decision = directory.route(address);
  if (decision.route) return ToNextHop{{Via::Host, decision.route->host, decision.route->port}};
  // "a@[192.0.2.1]" (RFC 5321 §4.1.3) names its host itself.
  if (address.domain.starts_with('[')) return ToNextHop{{Via::Host, address.domain, 25}};
  return ToNextHop{{Via::Mx, address.domain, 25}};
}

}  // namespace

RecipientPlan plan_recipient(const directory::Snapshot& directory, const Address& recipient, std::size_t most_targets) {
  const auto resolution = directory.resolve(recipient, most_targets);
  using directory::RecipientKind;
  switch (resolution.kind) {
    case RecipientKind::UnknownUser: return CannotDeliver{"5.1.1", "There is no such user here."};
    case RecipientKind::UnknownDomain: return CannotDeliver{"5.1.2", "Mail cannot be sent to this domain name."};
    case RecipientKind::Disabled: return CannotDeliver{"5.2.1", "This account is disabled."};
    case RecipientKind::Relay:
    case RecipientKind::NotOurs:
    case RecipientKind::Local:
    case RecipientKind::OverQuota: break;  // the mailbox itself answers for its quota, with a retry
  }
  const auto targets = resolution.local.size() + resolution.remote.size();
  if (targets == 0) return onwards(directory, recipient);
  if (targets == 1 && !resolution.local.empty()) return ToMailbox{resolution.local.front()};
  if (targets == 1 && resolution.remote.front() == recipient) return onwards(directory, recipient);
  ToTargets several{{}, resolution.truncated};
  for (const auto& local : resolution.local) {
    Address target = local.address;
    if (!local.mailbox.empty()) target.local_part += "+" + local.mailbox;  // RFC 5233
    several.targets.push_back(std::move(target));
  }
  several.targets.insert(several.targets.end(), resolution.remote.begin(), resolution.remote.end());
  return several;
}

}  // namespace hikyaku::delivery
