#include "services/delivery/chosen_hold.h"

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

}  // namespace

const directory::Hold* chosen_hold(const spool::Schedule& schedule, std::span<const directory::Hold> holds, WallTime now) {
  const auto* hold = named(schedule, holds);
  return hold != nullptr && hold->runs(now) ? hold : nullptr;
}

void leave_chosen_hold(spool::Schedule& schedule, std::span<const directory::Hold> holds, const Pauses& others, WallTime now) {
  if (!directory::is_chosen_key(schedule.destination)) return;
  const auto* hold = named(schedule, holds);
  if (hold != nullptr && schedule.attempts > 0) {
    auto with = others;
    with.emplace_back(hold->start, std::min(hold->end, now));
    schedule.paused += covered(std::move(with), schedule.first_failed, now) - covered(others, schedule.first_failed, now);
  }
  schedule.destination = release_key;
}

}  // namespace hikyaku::delivery
