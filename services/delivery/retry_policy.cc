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

RetryRule RetryRules::rule(FailureClass failure) const {
  RetryRule rule{refused_attempts, is_silence(failure) ? no_answer_period : transient_period, interval, longest_interval, growth};
  if (failure == FailureClass::Greylisted) {
    rule.interval = greylist_interval;
    rule.growth = Growth::Constant;
  }
  const auto& change = changes[static_cast<std::size_t>(failure)];
  rule.attempts = change.attempts.value_or(rule.attempts);
  rule.period = change.period.value_or(rule.period);
  rule.interval = change.interval.value_or(rule.interval);
  rule.longest_interval = change.longest_interval.value_or(rule.longest_interval);
  rule.growth = change.growth.value_or(rule.growth);
  return rule;
}

Duration wait_after(const RetryRule& rule, std::uint32_t attempts) {
  if (rule.growth == Growth::Constant) return rule.interval;
  Duration wait = rule.interval;
  for (std::uint32_t n = 1; n < attempts && wait < rule.longest_interval; ++n) wait *= 2;
  return std::max(rule.interval, std::min(wait, rule.longest_interval));
}

Duration waits_between(const RetryRule& rule, std::uint32_t attempts) {
  constexpr Duration most = std::chrono::days{3'650};
  Duration sum{};
  for (auto n = attempts; n < rule.attempts && sum < most; ++n) {
    const auto wait = wait_after(rule, n);
    const auto left = static_cast<std::int64_t>(rule.attempts - n);
    if (wait_after(rule, n + 1) == wait) return left > most / wait ? most : std::min(most, sum + wait * left);  // it grows no more
    sum += wait;
  }
  return std::min(most, sum);
}

std::optional<Duration> period_of(const RetryRules& rules, FailureClass failure, MailKind kind) {
  if (limit_of(failure) == Limit::Count) return std::nullopt;
  return kind == MailKind::ErrorMail ? rules.error_mail_period : rules.rule(failure).period;
}

RetryDecision decide(const RetryRules& rules, const FailureHistory& history) {
  const RetryRule rule = rules.rule(history.last);
  Duration wait = wait_after(rule, history.attempts);
  const auto period = period_of(rules, history.last, history.kind);
  if (!period) {
    if (history.attempts >= rule.attempts) return GiveUp{};
    return RetryAfter{wait};
  }
  if (history.elapsed >= *period) return GiveUp{};
  // A greylist is met at its own time; any other peer that names a time gets it, as far as ours may grow.
  if (history.wait && history.last == FailureClass::Greylisted) wait = std::max<Duration>(*history.wait, 1s);
  else if (history.wait) wait = std::max(wait, std::min(*history.wait, rule.longest_interval));
  return RetryAfter{std::min(wait, *period - history.elapsed)};
}

}  // namespace hikyaku::delivery
