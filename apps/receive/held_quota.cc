#include "apps/receive/held_quota.h"

#include <algorithm>

namespace hikyaku::receive {

bool HeldQuota::has_room(AccountId account, const Limit& limit, std::uint64_t octets, Instant now) {
  const std::lock_guard lock(mutex_);
  return fits(account, limit, octets, page_.read(account, now).value_or(directory::QuotaUsed{}), now);
}

bool HeldQuota::enter(AccountId account, const Limit& limit, std::uint64_t octets, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto said = page_.read(account, now).value_or(directory::QuotaUsed{});
  if (!fits(account, limit, octets, said, now)) return false;
  taken_[account].push_back({now, octets, said});
  return true;
}

void HeldQuota::leave(AccountId account, std::uint64_t octets) {
  const std::lock_guard lock(mutex_);
  const auto found = taken_.find(account);
  if (found == taken_.end()) return;
  const auto last = std::ranges::find(found->second.rbegin(), found->second.rend(), octets, &Taken::octets);
  if (last == found->second.rend()) return;
  found->second.erase(std::next(last).base());
  if (found->second.empty()) taken_.erase(found);
}

directory::QuotaUsed HeldQuota::used(AccountId account, directory::QuotaUsed said) const {
  const auto found = taken_.find(account);
  if (found == taken_.end()) return said;
  directory::QuotaUsed since;
  for (auto one = found->second.rbegin(); one != found->second.rend(); ++one) {
    since.octets += one->octets, ++since.messages;
    said.octets = std::max(said.octets, one->said.octets + since.octets);
    said.messages = std::max(said.messages, one->said.messages + since.messages);
  }
  return said;
}

bool HeldQuota::fits(AccountId account, const Limit& limit, std::uint64_t octets, directory::QuotaUsed said, Instant now) {
  forget_told(now);
  const auto held = used(account, said);
  if (limit.messages != 0 && held.messages >= limit.messages) return false;
  return limit.octets == 0 || (held.octets < limit.octets && octets <= limit.octets - held.octets);
}

// At most once a second: what deliver has counted by now.
void HeldQuota::forget_told(Instant now) {
  if (taken_.empty() || now < forgotten_ + std::chrono::seconds{1} || !page_.alive(now)) return;
  forgotten_ = now;
  for (auto& [account, all] : taken_)
    while (!all.empty() && all.front().at <= now - told_after) all.pop_front();
  std::erase_if(taken_, [](const auto& one) { return one.second.empty(); });
}

}  // namespace hikyaku::receive
