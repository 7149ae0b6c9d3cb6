#include "services/delivery/retry_policy.h"

#include <algorithm>

namespace hikyaku::delivery {

RetryRules RetryRules::epost() {
  RetryRules rules;
  rules.refused_attempts = 9;
  rules.transient_period = std::chrono::hours{8};
  rules.no_answer_period = std::chrono::hours{24};
  return rules;
}

Duration wait_after(const RetryRules& rules, std::uint32_t attempts) {
  if (rules.growth == RetryRules::Growth::Constant) return rules.interval;
  Duration wait = rules.interval;
  for (std::uint32_t n = 1; n < attempts && wait < rules.longest_interval; ++n) wait *= 2;
  return std::max(rules.interval, std::min(wait, rules.longest_interval));
}

RetryDecision decide(const RetryRules& rules, const FailureHistory& history) {
  const Duration wait = wait_after(rules, history.attempts);
  if (history.last == FailureClass::Refused) {
    if (history.attempts >= rules.refused_attempts) return GiveUp{};
    return RetryAfter{wait};
  }
  const Duration period =
      history.last == FailureClass::Transient ? rules.transient_period : rules.no_answer_period;
  if (history.elapsed >= period) return GiveUp{};
  return RetryAfter{std::min(wait, period - history.elapsed)};
}

}  // namespace hikyaku::delivery
