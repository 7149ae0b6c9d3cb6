#include <doctest/doctest.h>

#include <vector>

#include "services/delivery/retry_policy.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {
// The instants (since the first failure) at which attempts are made while every one fails with `failure`.
std::vector<Duration> schedule(const RetryRules& rules, FailureClass failure, std::size_t most = 10'000) {
  std::vector<Duration> tried{Duration{}};
  while (tried.size() < most) {
    const auto decision = decide(rules, {failure, static_cast<std::uint32_t>(tried.size()), tried.back()});
    const auto* retry = std::get_if<RetryAfter>(&decision);
    if (!retry) break;
    REQUIRE(retry->wait > Duration{});
    tried.push_back(tried.back() + retry->wait);
  }
  return tried;
}
}  // namespace

TEST_CASE("refused: final at once by default, exactly nine attempts under the epost profile") {
  CHECK(schedule(RetryRules{}, FailureClass::Refused).size() == 1);
  CHECK(schedule(RetryRules::epost(), FailureClass::Refused).size() == 9);
}

TEST_CASE("timed classes: the last attempt is made exactly at the period's end, none is given up before") {
  CHECK(schedule(RetryRules{}, FailureClass::Transient).back() == hours{24 * 5});
  CHECK(schedule(RetryRules{}, FailureClass::NoAnswer).back() == hours{24 * 5});
  CHECK(schedule(RetryRules::epost(), FailureClass::Transient).back() == hours{8});
  CHECK(schedule(RetryRules::epost(), FailureClass::NoAnswer).back() == hours{24});
}

TEST_CASE("interval: 120 s doubling to an hour; constant when kept") {
  const auto growing = schedule(RetryRules{}, FailureClass::Transient);
  const std::vector<Duration> first{seconds{0}, minutes{2}, minutes{6}, minutes{14}, minutes{30}, minutes{62}, minutes{122}};
  CHECK(std::vector<Duration>(growing.begin(), growing.begin() + 7) == first);
  RetryRules rules;
  rules.growth = RetryRules::Growth::Constant;
  const auto constant = schedule(rules, FailureClass::Transient);
  CHECK(constant[1] == minutes{2});
  CHECK(constant[100] == minutes{200});
}

TEST_CASE("a rule raised during an outage applies to what is queued") {
  RetryRules rules = RetryRules::epost();
  const FailureHistory history{FailureClass::NoAnswer, 30, hours{24}};
  CHECK(std::holds_alternative<GiveUp>(decide(rules, history)));
  rules.no_answer_period = hours{48};
  CHECK(std::holds_alternative<RetryAfter>(decide(rules, history)));
}

TEST_CASE("an interval longer than its cap is not shortened by it, and no attempt count overflows") {
  RetryRules rules;
  rules.interval = hours{3};
  CHECK(wait_after(rules, 1) == hours{3});
  CHECK(wait_after(rules, 4'000'000'000U) == hours{3});
  CHECK(wait_after(RetryRules{}, 4'000'000'000U) == hours{1});
}
