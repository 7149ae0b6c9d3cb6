// When delivery to one recipient stood still: stopped or in our own trouble, under holds that select it where it waits, and under
// the holds of chosen mail that it has left. The pauses overlap: who sums them up takes their union (schedule/stood_still.h),
// so that no hour counts twice. Pure.
#pragma once

#include <vector>

#include "services/delivery/schedule/stood_still.h"
#include "services/delivery/why/cause_clock.h"
#include "services/directory/hold.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

// `ours`: the ledger's. `held`: of its schedule.
[[nodiscard]] inline std::vector<CausedPause> recipient_pauses(const Pauses& ours, const std::vector<directory::Hold>& holds, const directory::HoldFacts& facts,
                                                               const spool::TimeSpans& held, WallTime from, WallTime until) {
  std::vector<CausedPause> pauses;
  for (const auto& [start, end] : ours) pauses.push_back({start, end, Cause::Stopped});
  for (const auto& [start, end] : held) pauses.push_back({start, end, Cause::Hold});
  for (const auto& time : directory::hold_times(holds, facts, from, until)) pauses.push_back({time.from, time.until, Cause::Hold});
  return pauses;
}

[[nodiscard]] inline Duration covered_by(const std::vector<CausedPause>& pauses, WallTime from, WallTime until) {
  Pauses all;
  for (const auto& pause : pauses) all.emplace_back(pause.from, pause.until);
  return covered(std::move(all), from, until);
}

}  // namespace hikyaku::delivery
