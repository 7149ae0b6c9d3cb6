#include <doctest/doctest.h>

#include "services/delivery/report/report_gathering.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
Message message(std::size_t recipients) {
  Message m;
  m.ref.id = m.envelope.id = {1, 1, 1, 1};
  m.ref.journal = 1;
  m.envelope.reverse_path.address = {"alice", "a.example"};
  m.envelope.client_address = "192.0.2.1";
  for (std::size_t n = 0; n < recipients; ++n)
    m.envelope.recipients.push_back({{"r" + std::to_string(n), "b.example"}, "", {.success = true, .failure = true}});
  return m;
}
ConcludedPart concluded(const Message& m, std::vector<Attempt> attempts) {
  const WallTime now{std::chrono::seconds{1'700'000'000}};
  auto conclusion = conclude(m, attempts, {.rules = {}, .now = now, .destination = "mx:b.example", .paused_since = [](std::uint32_t, WallTime) { return Duration{}; }});
  return {std::move(attempts), std::move(conclusion), "mx:b.example"};
}
Attempt attempt(std::uint32_t recipient, AttemptResult result, FailureClass failure = FailureClass::Refused) {
  return {.recipient = recipient, .result = result, .failure = failure, .status = "5.1.1"};
}
}  // namespace

TEST_CASE("what failed or was stored waits for the others; what a next hop took does not, nor what is tried again") {
  const auto m = message(5);
  auto whole = concluded(m, {attempt(0, AttemptResult::Failed), attempt(1, AttemptResult::Relayed), attempt(2, AttemptResult::Stored),
                             attempt(3, AttemptResult::Failed, FailureClass::Transient)});
  auto part = ReportGathering::take_reported(m, whole);
  REQUIRE(part);
  CHECK(part->conclusion.outcomes.size() == 2);
  CHECK(part->conclusion.reports.size() == 2);
  CHECK(part->attempts.size() == 2);
  CHECK(whole.conclusion.outcomes.size() == 1);
  CHECK(whole.conclusion.reports.size() == 1);
  CHECK(whole.conclusion.reports[0].action == Action::Relayed);
  CHECK(whole.conclusion.schedules.size() == 1);
  CHECK(whole.attempts.size() == 2);
}

TEST_CASE("nothing waits without others to wait for, or without a report") {
  auto alone = message(1);
  auto whole = concluded(alone, {attempt(0, AttemptResult::Failed)});
  CHECK(!ReportGathering::take_reported(alone, whole));
  CHECK(whole.conclusion.outcomes.size() == 1);
  auto silent = message(2);
  for (auto& one : silent.envelope.recipients) one.notify = {.never = true};
  whole = concluded(silent, {attempt(0, AttemptResult::Failed)});
  CHECK(!ReportGathering::take_reported(silent, whole));
  auto null_sender = message(2);
  null_sender.envelope.reverse_path = {};
  null_sender.envelope.client_address.clear();
  whole = concluded(null_sender, {attempt(0, AttemptResult::Failed)});
  CHECK(!ReportGathering::take_reported(null_sender, whole));
  CHECK(whole.conclusion.dead_letters.size() == 1);
}

TEST_CASE("a thousand ends of one message become one conclusion, in the envelope's order") {
  const auto m = message(1'000);
  ReportGathering gathering;
  for (std::uint32_t n = 1'000; n-- > 0;) {
    auto whole = concluded(m, {attempt(n, AttemptResult::Failed)});
    auto part = ReportGathering::take_reported(m, whole);
    REQUIRE(part);
    CHECK((gathering.add(m.ref.id, std::move(*part)) == ReportGathering::Place::First) == (n == 999));
  }
  CHECK(gathering.size() == 1);
  const auto all = merged(gathering.take(m.ref.id));
  CHECK(all.outcomes.size() == 1'000);
  REQUIRE(all.reports.size() == 1'000);
  CHECK(all.reports[0].recipient.address.local_part == "r0");
  CHECK(gathering.size() == 0);
  CHECK(gathering.take(m.ref.id).empty());
}
