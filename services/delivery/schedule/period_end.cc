#include "services/delivery/schedule/period_end.h"

#include <algorithm>

namespace hikyaku::delivery {

WallTime period_end(const RetryTable& rules, const RuledBy& by, const spool::Schedule& schedule, Duration stood_still) {
  if (schedule.attempts == 0) return WallTime::max();
  const auto failure = failure_class_of(schedule.failure_class);
  const auto theirs = rules.rules_for(by.domain, by.key);
  const auto period = period_of(theirs, failure, by.kind);
  if (!period) return schedule.next_due + std::chrono::ceil<std::chrono::microseconds>(waits_between(theirs.rule(failure), schedule.attempts + 1));
  return schedule.first_failed + std::chrono::ceil<std::chrono::microseconds>(*period + stood_still + schedule.paused);
}

WallTime period_end_after(FailureClass failure, const RetryTable& rules, const RuledBy& by, spool::Schedule schedule, Duration stood_still) {
  schedule.failure_class = static_cast<std::uint8_t>(failure);
  return period_end(rules, by, schedule, stood_still);
}

}  // namespace hikyaku::delivery
