#include <doctest/doctest.h>

#include "services/delivery/conclusion.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
constexpr WallTime noon{std::chrono::seconds{1'700'000'000}};

Message message(std::string sender = "alice") {
  Message m;
  m.ref.id = m.envelope.id = {1, 1, 1, 1};
  m.ref.journal = 1;
  if (!sender.empty()) m.envelope.reverse_path.address = {sender, "a.example"};
  m.envelope.client_address = "192.0.2.1";
  m.envelope.recipients = {{{"bob", "b.example"}, "", {}}, {{"carol", "b.example"}, "", {}}};
  return m;
}
Attempt failed(FailureClass failure, std::string status, std::uint32_t recipient = 0) {
  return {recipient, AttemptResult::Failed, failure, std::move(status), "", "why", "mx.b.example", ""};
}
Conclusion run(const Message& m, std::vector<Attempt> attempts, WallTime now = noon, Duration paused = {},
               RetryRules rules = {}) {
  return conclude(m, attempts, {rules, now, "mx:b.example", [=](std::uint32_t, WallTime) { return paused; }});
}
}  // namespace

TEST_CASE("a refusal is final, bounced with the peer's status; the other recipient is not touched") {
  const auto c = run(message(), {failed(FailureClass::Refused, "5.1.1"), {1, AttemptResult::Relayed, {}, "", "", "", "", ""}});
  REQUIRE(c.outcomes.size() == 2);
  CHECK(c.outcomes[0].outcome == spool::Outcome::Bounced);
  CHECK(c.outcomes[1].outcome == spool::Outcome::Delivered);
  REQUIRE(c.reports.size() == 1);
  CHECK(c.reports[0].status == "5.1.1");
  CHECK(c.schedules.empty());
}

TEST_CASE("a transient failure is deferred 120 s first, its first failure kept for the period") {
  auto m = message();
  auto c = run(m, {failed(FailureClass::Transient, "4.2.2")});
  REQUIRE(c.schedules.size() == 1);
  CHECK(c.schedules[0].next_due == noon + std::chrono::seconds{120});
  CHECK(c.schedules[0].first_failed == noon);
  CHECK(c.outcomes.empty());
  m.history[0] = c.schedules[0];
  c = run(m, {failed(FailureClass::NoAnswer, "4.4.1")}, noon + std::chrono::seconds{120});
  REQUIRE(c.schedules.size() == 1);
  CHECK(c.schedules[0].attempts == 2);
  CHECK(c.schedules[0].first_failed == noon);
}

TEST_CASE("given up when the period is over, not before, and stopped time does not count") {
  auto m = message();
  m.history[0] = run(m, {failed(FailureClass::NoAnswer, "")}).schedules[0];
  const auto five_days = noon + std::chrono::days{5};
  CHECK(run(m, {failed(FailureClass::NoAnswer, "")}, five_days - std::chrono::seconds{1}).outcomes.empty());
  CHECK(run(m, {failed(FailureClass::NoAnswer, "")}, five_days, std::chrono::hours{1}).outcomes.empty());
  const auto c = run(m, {failed(FailureClass::NoAnswer, "")}, five_days);
  REQUIRE(c.outcomes.size() == 1);
  CHECK(c.outcomes[0].outcome == spool::Outcome::Expired);
  CHECK(c.reports.at(0).status == "5.4.1");
  CHECK(run(m, {failed(FailureClass::Transient, "4.2.1")}, five_days).reports.at(0).status == "5.2.1");
}

TEST_CASE("the null sender is never bounced; a notification of ours becomes a dead letter") {
  auto from_outside = message("");
  auto c = run(from_outside, {failed(FailureClass::Refused, "5.1.1")});
  CHECK(c.reports.empty());
  CHECK(c.dead_letters.empty());
  CHECK(c.outcomes.size() == 1);
  from_outside.envelope.client_address.clear();
  c = run(from_outside, {failed(FailureClass::Refused, "5.1.1")});
  CHECK(c.reports.empty());
  CHECK(c.dead_letters == std::vector<std::uint32_t>{0});
  CHECK(c.outcomes[0].outcome == spool::Outcome::DeadLetter);
}

TEST_CASE("success is reported only where it was asked for and the peer does not do it") {
  auto m = message();
  m.envelope.recipients[0].notify.success = true;
  const auto attempt = [](AttemptResult result) { return Attempt{0, result, {}, "", "", "", "", "7"}; };
  CHECK(run(m, {attempt(AttemptResult::Sent)}).reports.empty());
  CHECK(run(m, {attempt(AttemptResult::Relayed)}).reports.at(0).action == Action::Relayed);
  const auto stored = run(m, {attempt(AttemptResult::Stored)});
  CHECK(stored.reports.at(0).action == Action::Delivered);
  CHECK(stored.outcomes[0].outcome == spool::Outcome::DeliveredLazy);
  CHECK(stored.outcomes[0].account == "7");
  m.envelope.recipients[0].notify.success = false;
  CHECK(run(m, {attempt(AttemptResult::Stored)}).reports.empty());
}

TEST_CASE("a copy in a mailbox is lazy only while incoming still has the message") {
  auto m = message();
  const Attempt stored{0, AttemptResult::Stored, {}, "2.0.0", "", "", "", "7"};
  m.ref.journal = 1;
  auto c = run(m, {stored});
  CHECK(c.outcomes.at(0).outcome == spool::Outcome::DeliveredLazy);
  CHECK(c.outcomes[0].account == "7");
  m.ref.journal = 0;  // in holding: this outcome is the end of its text
  c = run(m, {stored});
  CHECK(c.outcomes.at(0).outcome == spool::Outcome::Delivered);
}

TEST_CASE("what is damaged on disk is given up at once, whatever the rules of refusals are") {
  auto m = message();
  const auto c = run(m, {damaged_message(0, "its body is damaged")}, noon, {}, RetryRules::epost());
  CHECK(c.schedules.empty());
  REQUIRE(c.outcomes.size() == 1);
  CHECK(c.outcomes[0].outcome == spool::Outcome::Bounced);
  CHECK(c.reports.size() == 1);
}

TEST_CASE("mail of ours whose envelope is lost is a dead letter of each of its recipients") {
  Message m;
  m.ref.id = m.envelope.id = {1, 0, 0, 1};
  m.envelope.recipients.resize(2);
  const auto c = run(m, {damaged_message(0, "its head is damaged"), damaged_message(1, "its head is damaged")});
  CHECK(c.dead_letters == std::vector<std::uint32_t>{0, 1});
  REQUIRE(c.outcomes.size() == 2);
  for (const auto& one : c.outcomes) CHECK(one.outcome == spool::Outcome::DeadLetter);
  CHECK(c.schedules.empty());
  CHECK(c.reports.empty());
}

TEST_CASE("mail that is to be returned in time is tried once more before the time is over; other mail keeps to its rules") {
  auto m = message();
  m.envelope.deliver_by = DeliverBy{noon + std::chrono::seconds{100}, ByMode::Return, false};
  CHECK(run(m, {failed(FailureClass::Transient, "4.2.2")}).schedules[0].next_due == noon + std::chrono::seconds{75});
  m.envelope.deliver_by->deadline = noon + std::chrono::seconds{500};
  CHECK(run(m, {failed(FailureClass::Transient, "4.2.2")}).schedules[0].next_due == noon + std::chrono::seconds{120});
  m.envelope.deliver_by->deadline = noon + std::chrono::seconds{9};  // too little is left
  CHECK(run(m, {failed(FailureClass::Transient, "4.2.2")}).schedules[0].next_due == noon + std::chrono::seconds{120});
  m.envelope.deliver_by = DeliverBy{noon + std::chrono::seconds{100}, ByMode::Notify, false};
  CHECK(run(m, {failed(FailureClass::Transient, "4.2.2")}).schedules[0].next_due == noon + std::chrono::seconds{120});
}

TEST_CASE("who passes mail on that is traced, or in time to who knows of none, tells the sender") {
  const auto told = [](const Message& m, bool keeps_time, AttemptResult result = AttemptResult::Sent) {
    Attempt passed{0, result, {}, "", "250 ok", "", "mx.b.example", ""};
    passed.keeps_time = keeps_time;
    const auto c = run(m, {passed});
    return !c.reports.empty() && c.reports[0].action == Action::Relayed;
  };
  auto m = message();
  CHECK(!told(m, false));
  m.envelope.deliver_by = DeliverBy{noon + std::chrono::seconds{100}, ByMode::Notify, false};
  CHECK(told(m, false));
  CHECK(!told(m, true));
  CHECK(!told(m, false, AttemptResult::Stored));
  m.envelope.deliver_by->deadline = noon;  // too late already
  CHECK(!told(m, false));
  m.envelope.deliver_by = DeliverBy{noon + std::chrono::seconds{100}, ByMode::Return, true};
  CHECK(told(m, true));
  m.envelope.recipients[0].notify.never = true;
  CHECK(!told(m, true));
  m.envelope.recipients[0].notify.never = false;
  m.envelope.reverse_path = {};
  CHECK(!told(m, true));
}
