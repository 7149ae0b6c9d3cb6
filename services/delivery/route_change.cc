#include "services/delivery/route_change.h"

namespace hikyaku::delivery {

bool has_more_room(const directory::Account& before, const directory::Account& after) {
  const auto more = [](std::uint64_t was, std::uint64_t is) { return was != 0 && (is == 0 || is > was); };
  return more(before.quota_octets, after.quota_octets) || more(before.quota_messages, after.quota_messages);
}

std::set<std::string> where_there_is_more_room(const directory::Snapshot& before, const directory::Snapshot& after) {
  std::set<std::string> keys;
  const auto& old = before.contents().accounts;
  const auto& now = after.contents().accounts;
  for (std::size_t n = 0; n < now.size(); ++n) {
    const auto* was = n < old.size() && old[n].id == now[n].id ? &old[n] : before.account(now[n].id);  // most stand where they stood
    if (was != nullptr && has_more_room(*was, now[n])) keys.insert(destination_of(ToMailbox{{now[n].id, now[n].address, {}}, {}}));
  }
  return keys;
}

bool is_moved_by(const directory::Snapshot& before, const RecipientPlan& plan_before, const directory::Snapshot& after,
                 const RecipientPlan& plan_after) {
  if (plan_before.index() != plan_after.index() || destination_of(plan_before) != destination_of(plan_after)) return true;
  const auto* was = std::get_if<ToMailbox>(&plan_before);
  const auto* is = std::get_if<ToMailbox>(&plan_after);
  if (was == nullptr || is == nullptr) return false;
  if (was->target.account != is->target.account) return true;
  const auto* account_before = before.account(was->target.account);
  const auto* account_after = after.account(is->target.account);
  return account_before != nullptr && account_after != nullptr && has_more_room(*account_before, *account_after);
}

}  // namespace hikyaku::delivery
