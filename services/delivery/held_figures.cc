#include "services/delivery/held_figures.h"

#include <algorithm>
#include <unordered_set>

#include "services/delivery/schedule/scheduler.h"
#include "services/spool/envelope_keys.h"

namespace hikyaku::delivery {
namespace {
constexpr std::size_t rows_at_once = 10'000;
}  // namespace

bool HeldFigures::count(ByKey& held) const {
  spool::DeferredFilter filter;
  filter.destination = [](std::string_view key) { return key == release_key; };
  std::unordered_set<TraceId> seen;  // a message of many recipients is one
  for (std::optional<spool::DeferredCursor> from = 0; from;) {
    const auto next = parts_.spool.deferred_times(filter, *from, rows_at_once, [&](const std::string&, const spool::DeferredTimes& times) {
      if (times.account == 0 || !seen.insert(times.id).second) return;
      auto& sum = held[times.account];
      sum.octets += times.body_octets, ++sum.messages;
    });
    if (!next) return false;
    from = *next;
  }
  return true;
}

void HeldFigures::name(const ByKey& held, const directory::Snapshot& directory) {
  const bool known = named_by_ == directory.version() && std::ranges::all_of(held, [this](const auto& one) { return names_.contains(one.first); });
  if (known) return;
  names_.clear();
  named_by_ = directory.version();
  for (const auto& [key, used] : held) names_[key];
  if (names_.empty()) return;
  std::unordered_set<Key> several;
  for (const auto& account : directory.contents().accounts) {
    const auto found = names_.find(spool::key_of(account.address.text()));
    if (found == names_.end() || several.contains(found->first)) continue;
    if (found->second != AccountId{}) several.insert(found->first);
    found->second = found->second == AccountId{} ? account.id : AccountId{};
  }
}

bool HeldFigures::refresh() {
  const auto directory = parts_.directory.newest();
  ByKey held;
  if (!directory || !count(held)) return false;
  name(held, *directory);
  std::unordered_map<AccountId, directory::QuotaUsed> now;
  for (const auto& [key, used] : held)
    if (const auto account = names_.at(key); account != AccountId{}) now[account] = used;
  bool all_told = true;
  for (const auto& [account, used] : now) {
    const auto before = told_.find(account);
    if (before == told_.end() || before->second != used) all_told &= parts_.page.publish(account, used);
  }
  for (const auto& [account, used] : told_)
    if (!now.contains(account)) all_told &= parts_.page.forget(account);
  if (!all_told) return told_.clear(), false;  // all of it again
  told_ = std::move(now);
  const std::lock_guard lock(mutex_);
  if (!stopped_) parts_.page.beat(SystemClock{}.now());
  return true;
}

void HeldFigures::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  parts_.page.beat(Instant{});
}

Task<void> HeldFigures::run() {
  while (!parts_.loop.stopping()) {
    auto looking = parts_.workers.run(parts_.loop, [this] { return refresh(); });
    const auto looked = co_await std::move(looking);
    (void)looked;  // silence is what says that something is wrong
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(every));
    if (outcome == io::Wake::Cancelled) break;
  }
}

}  // namespace hikyaku::delivery
