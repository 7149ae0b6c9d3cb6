#include "services/delivery/schedule/retry_schedule.h"

#include <algorithm>

namespace hikyaku::delivery {

RetryPlan plan_retries(const RetryRules& rules, FailureClass failure, MailKind kind, std::size_t most) {
  RetryPlan plan;
  plan.attempts.push_back(Duration{});
  for (;;) {
    const auto decision = decide(rules, {failure, static_cast<std::uint32_t>(plan.attempts.size()), plan.attempts.back(), kind});
    const auto* retry = std::get_if<RetryAfter>(&decision);
    if (retry == nullptr) return plan;
    if (plan.attempts.size() >= most) break;
    plan.attempts.push_back(plan.attempts.back() + retry->wait);
  }
  plan.end = RetryPlan::End::More;
  return plan;
}

std::string short_duration(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds == 0) return "0s";
  std::string text;
  auto left = seconds;
  struct Unit {
    long seconds;
    char name;
  };
  for (const auto& unit : {Unit{86'400, 'd'}, Unit{3'600, 'h'}, Unit{60, 'm'}, Unit{1, 's'}}) {
    if (left >= unit.seconds) text += std::to_string(left / unit.seconds) + unit.name;
    left %= unit.seconds;
  }
  return text;
}

std::string describe_plan(const RetryPlan& plan, bool japanese) {
  const auto total = plan.attempts.size();
  if (total == 1) return japanese ? "再送しない(試行は 1 回だけ)" : "no retry: one attempt in all";
  std::vector<std::pair<Duration, std::size_t>> waits;  // runs of equal waits
  for (std::size_t n = 1; n < total; ++n) {
    const auto wait = plan.attempts[n] - plan.attempts[n - 1];
    if (!waits.empty() && waits.back().first == wait) ++waits.back().second;
    else waits.push_back({wait, 1});
  }
  std::string text = japanese ? "" : "after ";
  for (std::size_t n = 0; n < waits.size(); ++n) {
    const auto& [wait, times] = waits[n];
    if (n > 0) text += japanese ? "、" : ", ";
    text += short_duration(wait);
    if (japanese) text += "後";
    if (times > 1) text += japanese ? " × " + std::to_string(times) + " 回" : " × " + std::to_string(times);
  }
  const std::string end = short_duration(plan.attempts.back());
  const std::string count = std::to_string(total);
  if (plan.end == RetryPlan::End::More)
    return text + (japanese ? " … 以後も続く" : ", and so on");
  return text + (japanese ? "。試行は計 " + count + " 回、最後は最初の失敗から " + end + " 後"
                          : "; " + count + " attempts in all, the last " + end + " after the first failure");
}

std::vector<GreylistGap> greylist_gaps(const RetryRules& rules) {
  std::vector<GreylistGap> gaps;
  for (const auto failure : {FailureClass::Greylisted, FailureClass::Transient}) {
    const auto plan = plan_retries(rules, failure);
    for (const Duration wait : {Duration(std::chrono::minutes{5}), Duration(std::chrono::minutes{25}), Duration(std::chrono::hours{1})}) {
      const bool met = std::ranges::any_of(plan.attempts, [&](Duration at) { return at >= wait && at <= wait + std::chrono::hours{4}; });
      if (!met) gaps.push_back({failure, wait});
    }
  }
  return gaps;
}

}  // namespace hikyaku::delivery
