#include "services/delivery/owner_watch.h"

#include <algorithm>
#include <utility>

namespace hikyaku::delivery {

void OwnerWatch::read(spool::Spool& spool) {
  slice_.clear();
  const auto next = spool.deferred_times({}, from_, slice, [&](const std::string& destination, const spool::DeferredTimes& times) { slice_.push_back({destination, times}); });
  from_ = next && *next ? **next : 0;
  std::erase_if(suspects_, [&](const Waiting& one) {
    const auto waiting = spool.deferred(one.times.id);
    return std::ranges::none_of(waiting, [&](const auto& other) { return other.schedule.recipient == one.times.recipient; });
  });
}

std::vector<OwnerWatch::Waiting> OwnerWatch::orphans(const Scheduler& scheduler, const std::function<bool(const DeferredEntry&)>& in_hand) {
  const auto is_owned = [&](const Waiting& one) {
    return scheduler.claimed(one.entry()) || scheduler.deferred().waits(one.entry()) || (in_hand && in_hand(one.entry()));
  };
  auto found = std::exchange(suspects_, {});
  std::erase_if(found, is_owned);
  for (auto& one : slice_) {
    const bool is_known = std::ranges::any_of(found, [&](const Waiting& other) { return other.entry() == one.entry(); });
    if (!is_known && !is_owned(one)) suspects_.push_back(std::move(one));
  }
  slice_.clear();
  return found;
}

}  // namespace hikyaku::delivery
