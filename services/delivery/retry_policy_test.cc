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
  CHECK(wait_after(rules.rule(FailureClass::Transient), 1) == hours{3});
  CHECK(wait_after(rules.rule(FailureClass::Transient), 4'000'000'000U) == hours{3});
  CHECK(wait_after(RetryRules{}.rule(FailureClass::Transient), 4'000'000'000U) == hours{1});
}

TEST_CASE("exactly at expiry: an instant before the end the last attempt is planned for the end, at the end all is over") {
  for (std::size_t n = 0; n < failure_classes; ++n) {
    const auto failure = static_cast<FailureClass>(n);
    CAPTURE(class_name(failure));
    RetryRules rules;
    rules.refused_attempts = 5;
    if (limit_of(failure) == Limit::Count) {
      CHECK(std::holds_alternative<RetryAfter>(decide(rules, {failure, 4, hours{10'000}})));
      CHECK(std::holds_alternative<GiveUp>(decide(rules, {failure, 5, Duration{}})));
      continue;
    }
    const auto period = *period_of(rules, failure, MailKind::Ordinary);
    const auto last = decide(rules, {failure, 900, period - Duration{1}});
    REQUIRE(std::holds_alternative<RetryAfter>(last));
    CHECK(std::get<RetryAfter>(last).wait == Duration{1});
    CHECK(std::holds_alternative<GiveUp>(decide(rules, {failure, 1, period})));
  }
}

TEST_CASE("error mails have a period of their own, in every timed class and in none that is counted") {
  RetryRules rules;
  rules.error_mail_period = hours{12};
  for (const auto failure : {FailureClass::Transient, FailureClass::Timeout, FailureClass::Greylisted, FailureClass::Tls}) {
    CHECK(std::holds_alternative<GiveUp>(decide(rules, {failure, 3, hours{12}, MailKind::ErrorMail})));
    CHECK(std::holds_alternative<RetryAfter>(decide(rules, {failure, 3, hours{12}})));
  }
  rules.refused_attempts = 2;
  CHECK(std::holds_alternative<RetryAfter>(decide(rules, {FailureClass::Refused, 1, hours{20}, MailKind::ErrorMail})));
}

TEST_CASE("a greylist's own time is kept and never grows; other peers' wishes are kept within our longest interval") {
  const RetryRules rules;
  const auto wait = [&](FailureClass failure, std::uint32_t attempts, std::optional<Duration> wish) {
    return std::get<RetryAfter>(decide(rules, {failure, attempts, seconds{1}, MailKind::Ordinary, wish})).wait;
  };
  CHECK(wait(FailureClass::Greylisted, 1, std::nullopt) == minutes{5});
  CHECK(wait(FailureClass::Greylisted, 9, std::nullopt) == minutes{5});
  CHECK(wait(FailureClass::Greylisted, 9, seconds{30}) == seconds{30});
  CHECK(wait(FailureClass::Transient, 1, minutes{10}) == minutes{10});
  CHECK(wait(FailureClass::Transient, 5, minutes{10}) == minutes{32});
  CHECK(wait(FailureClass::Transient, 1, hours{20}) == hours{1});
}

TEST_CASE("causes of silence are kept apart: a row for one leaves the others") {
  RetryRules rules;
  rules.changes[static_cast<std::size_t>(FailureClass::ConnectionRefused)].period = hours{48};
  CHECK(period_of(rules, FailureClass::ConnectionRefused, MailKind::Ordinary) == hours{48});
  for (const auto other : {FailureClass::Timeout, FailureClass::Unreachable, FailureClass::LineCut, FailureClass::NoDnsAnswer})
    CHECK(period_of(rules, other, MailKind::Ordinary) == hours{120});
  CHECK(!period_of(rules, FailureClass::Name, MailKind::Ordinary));
}
