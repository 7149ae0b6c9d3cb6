#include "services/delivery/chosen_hold.h"

#include <algorithm>

#include "services/delivery/schedule/scheduler.h"

namespace hikyaku::delivery {
namespace {

const directory::Hold* named(const spool::Schedule& schedule, std::span<const directory::Hold> holds) {
  if (!directory::is_chosen_key(schedule.destination)) return nullptr;
  const auto found = std::ranges::find_if(holds, [&](const directory::Hold& hold) {
    return hold.scope == directory::HoldScope::Chosen && directory::chosen_key(hold.id) == schedule.destination;
  });
  return found == holds.end() ? nullptr : &*found;
}

// A time as itself and not as a length, so that what else stood still meanwhile can be laid over it. The oldest of very many
// becomes a length: its part of other pauses is then counted twice, and nobody is given up early.
constexpr std::size_t most_spans = 16;

void add_held(spool::Schedule& schedule, WallTime from, WallTime until) {
  if (from >= until) return;
  std::erase_if(schedule.held, [&](const auto& one) {
    if (one.first > until || one.second < from) return false;
    from = std::min(from, one.first), until = std::max(until, one.second);
    return true;
  });
  schedule.held.insert(std::ranges::upper_bound(schedule.held, std::pair{from, until}), {from, until});
  if (schedule.held.size() <= most_spans) return;
  schedule.paused += schedule.held.front().second - schedule.held.front().first;
  schedule.held.erase(schedule.held.begin());
}

}  // namespace

const directory::Hold* chosen_hold(const spool::Schedule& schedule, std::span<const directory::Hold> holds, WallTime now) {
  const auto* hold = named(schedule, holds);
  return hold != nullptr && hold->runs(now) ? hold : nullptr;
}

void leave_chosen_hold(spool::Schedule& schedule, std::span<const directory::Hold> holds, WallTime now) {
  if (!directory::is_chosen_key(schedule.destination)) return;
  const auto* hold = named(schedule, holds);
  if (hold != nullptr && schedule.attempts > 0) add_held(schedule, std::max(hold->start, schedule.first_failed), std::min(hold->end, now));
  schedule.destination = release_key;
}

}  // namespace hikyaku::delivery
