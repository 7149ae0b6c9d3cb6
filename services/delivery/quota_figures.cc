#include "services/delivery/quota_figures.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace hikyaku::delivery {
namespace {
constexpr Duration longest = 2s;  // for one account; a stuck one makes all figures silent rather than old
}  // namespace

bool QuotaFigures::nearly_full(mailboxes::QuotaLimit limit, mailboxes::QuotaUsage used) const {
  if (limit.messages != 0 && used.messages >= limit.messages) return true;
  if (limit.octets == 0) return false;
  return used.octets >= limit.octets || limit.octets - used.octets < parts_.largest_message();
}

void QuotaFigures::delivered(AccountId account, mailboxes::QuotaLimit limit) {
  if (limit.octets == 0 && limit.messages == 0) return;
  (void)tell(account, limit);  // what was not told is told by the next look
}

// The version first: what changes while the usage is read is seen by the next look.
bool QuotaFigures::tell(AccountId account, mailboxes::QuotaLimit limit) {
  const Deadline deadline = SystemClock{}.now() + longest;
  const auto version = parts_.mailboxes.version(account, deadline);
  const auto used = parts_.mailboxes.usage(account, deadline);
  const std::lock_guard lock(mutex_);
  if (!version || !used) {
    if (watched_.contains(account)) watched_[account] = {};
    return false;
  }
  const bool known = watched_.contains(account);
  if (!nearly_full(limit, *used) || (!known && watched_.size() >= most_watched)) {
    if (!known) return true;
    if (!parts_.page.forget(account)) return false;
    watched_.erase(account);
    return true;
  }
  const bool told = parts_.page.publish(account, {used->octets, used->messages});
  watched_[account] = told ? *version : storage::Version{};
  return told;
}

void QuotaFigures::refused(AccountId account, std::uint64_t octets) {
  const std::lock_guard lock(mutex_);
  const auto known = waited_for_.find(account);
  if (known == waited_for_.end() && waited_for_.size() >= most_watched) return;
  const auto smallest = known == waited_for_.end() ? octets : std::min(octets, known->second.octets);
  waited_for_[account] = {smallest, {}};
}

std::set<AccountId> QuotaFigures::take_with_room() {
  const std::lock_guard lock(mutex_);
  return std::exchange(with_room_, {});
}

// The version first, as above. Who cannot be looked at now is looked at next time.
void QuotaFigures::look_for_room(const directory::Snapshot& directory) {
  std::vector<std::pair<AccountId, Waited>> waited;
  {
    const std::lock_guard lock(mutex_);
    waited.assign(waited_for_.begin(), waited_for_.end());
  }
  for (const auto& [id, one] : waited) {
    const auto* account = directory.account(id);
    const Deadline deadline = SystemClock{}.now() + longest;
    const auto version = parts_.mailboxes.version(id, deadline);
    if (account != nullptr && (!version || *version == one.seen)) continue;
    const auto used = account == nullptr ? mailboxes::MailboxResult<mailboxes::QuotaUsage>{} : parts_.mailboxes.usage(id, deadline);
    if (!used) continue;
    const bool fits = account == nullptr || ((account->quota_octets == 0 || used->octets + one.octets <= account->quota_octets) &&
                                             (account->quota_messages == 0 || used->messages < account->quota_messages));
    const std::lock_guard lock(mutex_);
    if (fits && account != nullptr) with_room_.insert(id);
    if (fits) waited_for_.erase(id);
    else if (const auto known = waited_for_.find(id); known != waited_for_.end() && known->second.octets == one.octets) known->second.seen = *version;
  }
}

bool QuotaFigures::refresh() {
  const auto directory = parts_.directory.newest();
  if (!directory) return false;
  std::vector<std::pair<AccountId, storage::Version>> watched;
  {
    const std::lock_guard lock(mutex_);
    watched.assign(watched_.begin(), watched_.end());
  }
  look_for_room(*directory);
  bool all_told = true;
  for (const auto& [account, told] : watched) {
    const auto* found = directory->account(account);
    const mailboxes::QuotaLimit limit = found ? mailboxes::QuotaLimit{found->quota_octets, found->quota_messages} : mailboxes::QuotaLimit{};
    const auto version = parts_.mailboxes.version(account, SystemClock{}.now() + longest);
    if (version && *version == told && found) continue;
    all_told &= tell(account, limit);
  }
  const std::lock_guard lock(mutex_);
  if (all_told && !stopped_) parts_.page.beat(SystemClock{}.now());
  return all_told;
}

void QuotaFigures::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  parts_.page.beat(Instant{});
}

Task<void> QuotaFigures::run() {
  while (!parts_.loop.stopping()) {
    auto looking = parts_.workers.run(parts_.loop, [this] { return refresh(); });
    const auto looked = co_await std::move(looking);
    (void)looked;  // silence is what says that something is wrong
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(every));
    if (outcome == io::Wake::Cancelled) break;
  }
}

}  // namespace hikyaku::delivery
