#include <doctest/doctest.h>

#include "services/delivery/schedule/retry_schedule.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("a schedule is told as one line, in both languages") {
  RetryRules rules;
  rules.transient_period = hours{5};
  CHECK(describe_plan(plan_retries(rules, FailureClass::Transient), false) ==
        "after 2m, 4m, 8m, 16m, 32m, 1h × 3, 58m; 10 attempts in all, the last 5h after the first failure");
  CHECK(describe_plan(plan_retries(rules, FailureClass::Transient), true) ==
        "2m後、4m後、8m後、16m後、32m後、1h後 × 3 回、58m後。試行は計 10 回、最後は最初の失敗から 5h 後");
  CHECK(describe_plan(plan_retries(rules, FailureClass::Refused), false) == "no retry: one attempt in all");
  CHECK(describe_plan(plan_retries(RetryRules::epost(), FailureClass::Refused), false).find("9 attempts in all") != std::string::npos);
  rules.interval = seconds{1};
  rules.growth = Growth::Constant;
  CHECK(describe_plan(plan_retries(rules, FailureClass::Transient, MailKind::Ordinary, 100), false) == "after 1s × 99, and so on");
}

TEST_CASE("rules that miss a greylist are found, those that do not are left alone") {
  CHECK(greylist_gaps(RetryRules{}).empty());
  CHECK(greylist_gaps(RetryRules::epost()).empty());
  RetryRules rules;
  rules.transient_period = minutes{30};  // over before an hour's greylist opens
  CHECK(greylist_gaps(rules).size() == 2);
  rules = {};
  rules.interval = rules.greylist_interval = hours{6};  // the 5 minute and the 25 minute doors shut again before we come
  CHECK(greylist_gaps(rules).size() == 6);
  rules = {};
  rules.interval = hours{5};
  rules.longest_interval = hours{5};
  const auto gaps = greylist_gaps(rules);
  REQUIRE(gaps.size() == 2);
  CHECK(gaps[0].failure == FailureClass::Transient);
}

TEST_CASE("durations are short") {
  CHECK(short_duration(seconds{7'680}) == "2h8m");
  CHECK(short_duration(hours{120}) == "5d");
  CHECK(short_duration(Duration{}) == "0s");
  CHECK(short_duration(seconds{90'061}) == "1d1h1m1s");
}
