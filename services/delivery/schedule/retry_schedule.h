// The attempts a retry rule leads to, worked out with the same decide() that delivery uses: for `hikyaku retry explain`,
// and to warn of rules that would miss common greylists. Pure.
#pragma once

#include <string>
#include <vector>

#include "services/delivery/retry_policy.h"

namespace hikyaku::delivery {

struct RetryPlan {
  std::vector<Duration> attempts;  // since the first failed attempt, which is the first element (zero)
  enum class End : std::uint8_t { GivenUp, More } end = End::GivenUp;  // More: cut at `most`
};
// Every attempt while each one fails with the same class.
[[nodiscard]] RetryPlan plan_retries(const RetryRules& rules, FailureClass failure, MailKind kind = MailKind::Ordinary,
                                     std::size_t most = 20'000);

// "after 2m, 4m, 8m, 16m, 32m, then every 1h (116 times), last after 58m: 123 attempts, given up 5d after the first".
[[nodiscard]] std::string describe_plan(const RetryPlan& plan, bool japanese);
// "2h8m", "90s", "5d".
[[nodiscard]] std::string short_duration(Duration duration);

// Which greylists (by their wait) an unknown site's rules would miss: no attempt falls into the four hours in which the
// door is open for us after the wait. Both for what we recognise as a greylist and for what only says 4xx.
struct GreylistGap {
  FailureClass failure;
  Duration greylist_wait;
};
[[nodiscard]] std::vector<GreylistGap> greylist_gaps(const RetryRules& rules);

}  // namespace hikyaku::delivery
