#include "services/delivery/schedule/stood_still.h"

#include <doctest/doctest.h>

#include "services/delivery/conclusion.h"
#include "services/directory/hold.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

const WallTime noon{1'700'000'000s};

// A recipient whose every attempt fails, as delivery treats it: what is held is not tried, and elapsed time is net of pauses.
struct HeldRecipient {
  RetryRules rules;
  std::vector<directory::Hold> holds;
  Pauses stopped;
  Message message;
  std::vector<WallTime> attempts;
  std::optional<WallTime> given_up;

  HeldRecipient() {
    rules.no_answer_period = 24h;
    message.envelope.reverse_path = ReversePath{{"taro", "a.example"}};
    message.envelope.recipients.push_back({{"x", "b.example"}, {}, {}});
  }
  void run(WallTime until) {
    WallTime due = noon;
    while (due < until) {
      const directory::HoldFacts facts{.domain = "b.example", .destination = "mx:b.example"};
      if (const auto* hold = directory::find_hold(holds, facts, due)) {
        due = hold->end;
        continue;
      }
      const auto stop = std::ranges::find_if(stopped, [&](const auto& one) { return one.first <= due && due < one.second; });
      if (stop != stopped.end()) {
        due = stop->second;
        continue;
      }
      attempts.push_back(due);
      ConclusionContext context{rules, due, "mx:b.example", {}};
      context.paused_since = [&](std::uint32_t, WallTime from) {
        Pauses pauses = stopped;
        for (const auto& time : directory::hold_times(holds, facts, from, due)) pauses.emplace_back(time.from, time.until);
        return covered(std::move(pauses), from, due);
      };
      const auto conclusion = conclude(message, {{0, AttemptResult::Failed, FailureClass::Timeout, "4.4.1", "", "no answer", "", ""}}, context);
      if (conclusion.schedules.empty()) {
        given_up = due;
        return;
      }
      message.history[0] = conclusion.schedules.front();
      due = conclusion.schedules.front().next_due;
    }
  }
};

directory::Hold hold_between(WallTime start, WallTime end) {
  directory::Hold hold;
  hold.pattern = "b.example", hold.reason = "moved", hold.start = start, hold.end = end;
  return hold;
}

}  // namespace

TEST_CASE("no time is counted twice") {
  CHECK(covered({}, noon, noon + 9h) == 0h);
  CHECK(covered({{noon, noon + 2h}}, noon, noon + 9h) == 2h);
  CHECK(covered({{noon, noon + 2h}, {noon + 1h, noon + 3h}}, noon, noon + 9h) == 3h);
  CHECK(covered({{noon, noon + 5h}, {noon + 1h, noon + 2h}, {noon + 3h, noon + 4h}}, noon, noon + 9h) == 5h);
  CHECK(covered({{noon + 4h, noon + 6h}, {noon, noon + 2h}}, noon + 1h, noon + 5h) == 2h);
  CHECK(covered({{noon, noon + 1h}, {noon + 5h, noon + 7h}}, noon + 2h, noon + 5h) == 0h);
  CHECK(covered({{noon + 2h, noon + 1h}}, noon, noon + 9h) == 0h);  // ends before it begins
}

TEST_CASE("without a hold a dead destination expires after its period, with a hold of three days it does not") {
  HeldRecipient plain;
  plain.run(noon + 96h);
  CHECK(plain.given_up == noon + 24h);

  HeldRecipient held;
  held.holds.push_back(hold_between(noon + 1h, noon + 73h));
  held.run(noon + 72h + 1h);
  CHECK_FALSE(held.given_up);
  const auto before = held.attempts.size();
  held.run(noon + 200h);
  // Given up when the period is full without the held time, and not without fresh attempts after the release.
  CHECK(held.given_up == noon + 24h + 72h);
  CHECK(held.attempts.size() > before + 1);
}

TEST_CASE("a release at the very end of the period is followed by a fresh attempt") {
  HeldRecipient held;
  held.holds.push_back(hold_between(noon + 24h - 1s, noon + 100h));
  held.run(noon + 100h);
  CHECK_FALSE(held.given_up);
  for (const auto at : held.attempts) CHECK(at < noon + 24h - 1s);
  held.run(noon + 200h);
  CHECK(held.attempts.back() >= noon + 100h);
  CHECK(held.given_up >= noon + 100h);
}

TEST_CASE("a hold while delivery is stopped, and two holds at once, stop the clock once") {
  HeldRecipient held;
  held.stopped.push_back({noon + 2h, noon + 10h});
  held.holds.push_back(hold_between(noon + 5h, noon + 20h));
  held.holds.push_back(hold_between(noon + 15h, noon + 30h));
  held.run(noon + 300h);
  CHECK(held.given_up == noon + 24h + 28h);
}
