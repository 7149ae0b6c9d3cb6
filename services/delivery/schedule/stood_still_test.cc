#include "services/delivery/schedule/stood_still.h"

#include <doctest/doctest.h>

#include "services/delivery/chosen_hold.h"
#include "services/delivery/conclusion.h"
#include "services/delivery/recipient_pauses.h"
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
  std::optional<std::pair<std::uint64_t, WallTime>> chosen;  // by an operator: the hold's id, and when `queue release` let it go
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
      if (chosen && !message.history.empty()) {
        const auto hold = std::ranges::find(holds, chosen->first, &directory::Hold::id);
        auto& schedule = message.history[0];
        const auto released = std::min(hold->end, chosen->second);
        if (hold->start <= due && due < released) {
          schedule.destination = directory::chosen_key(hold->id);
          leave_chosen_hold(schedule, holds, released);
          due = released;
          continue;
        }
      }
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
        return covered_by(recipient_pauses(stopped, holds, facts, message.history[0].held, from, due), from, due);
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

directory::Hold chosen_between(std::uint64_t id, WallTime start, WallTime end) {
  directory::Hold hold;
  hold.id = id, hold.scope = directory::HoldScope::Chosen, hold.reason = "looked at", hold.start = start, hold.end = end;
  return hold;
}

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

TEST_CASE("chosen mail that is released has stood still for the union of all that kept it") {
  struct Row {
    const char* what;
    Pauses stopped;
    std::vector<directory::Hold> holds;
    WallTime released;
    Duration still;
  };
  const auto chosen = chosen_between(7, noon + 15h, noon + 100h);
  for (const auto& row : {
           Row{"nothing else", {}, {chosen}, noon + 40h, 25h},
           Row{"it ended by itself", {}, {chosen_between(7, noon + 15h, noon + 40h)}, noon + 90h, 25h},
           Row{"others stay under it", {}, {chosen}, noon + 16h, 1h},
           Row{"delivery was stopped while it was held", {{noon + 20h, noon + 30h}}, {chosen}, noon + 40h, 25h},
           Row{"stopped before, and into it", {{noon + 2h, noon + 20h}}, {chosen}, noon + 40h, 38h},
           Row{"stopped from within it until later", {{noon + 30h, noon + 50h}}, {chosen}, noon + 40h, 35h},
           Row{"stopped for all of it", {{noon + 10h, noon + 60h}}, {chosen}, noon + 40h, 50h},
           Row{"its destination was held too", {}, {chosen, hold_between(noon + 10h, noon + 30h)}, noon + 40h, 30h},
           Row{"its destination is held still", {}, {chosen, hold_between(noon + 20h, noon + 80h)}, noon + 40h, 65h},
           Row{"all at once", {{noon + 2h, noon + 10h}}, {hold_between(noon + 5h, noon + 20h), chosen}, noon + 40h, 38h},
       }) {
    CAPTURE(row.what);
    HeldRecipient held;
    held.stopped = row.stopped, held.holds = row.holds;
    held.chosen = {7, row.released};
    held.run(noon + 400h);
    CHECK(held.given_up == noon + 24h + row.still);
  }
}
