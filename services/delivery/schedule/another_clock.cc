#include "services/delivery/schedule/another_clock.h"

#include "services/delivery/schedule/scheduler.h"

namespace hikyaku::delivery {
namespace {

// What was never tried waits for its turn or for the end of a hold, and is looked at again soon at any rate.
constexpr auto look_again = std::chrono::minutes{1};

template <class Times>
void bring_times_back(Times& times, std::string_view destination, WallTime now) {
  if (destination == release_key) return;
  if (times.attempts == 0) {
    times.next_due = std::min<WallTime>(times.next_due, now + look_again);
    return;
  }
  if (times.last_tried > now) {
    times.next_due -= times.last_tried - now;
    times.last_tried = now;
  }
  times.first_failed = std::min(times.first_failed, now);
}

}  // namespace

void begin_life(Pauses& pauses, WallTime alive, WallTime now) {
  std::erase_if(pauses, [now](const auto& pause) { return pause.first >= now; });
  if (!pauses.empty()) pauses.back().second = std::min(pauses.back().second, now);
  if (alive + shortest_pause >= now) return;
  if (!pauses.empty() && pauses.back().second >= alive) pauses.back().second = now;
  else pauses.emplace_back(alive, now);
}

void bring_back(spool::Schedule& schedule, WallTime now) { bring_times_back(schedule, schedule.destination, now); }
void bring_back(spool::DeferredTimes& times, std::string_view destination, WallTime now) { bring_times_back(times, destination, now); }

}  // namespace hikyaku::delivery
