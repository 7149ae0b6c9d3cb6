#include <doctest/doctest.h>

#include "services/delivery/report/delay_notice.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using What = DelayDecision::What;

namespace {

constexpr WallTime noon{std::chrono::seconds{1'700'000'000}};

struct Case {
  Envelope envelope;
  std::vector<spool::Schedule> schedules;
  Duration paused{};

  explicit Case(std::size_t recipients = 1) {
    envelope.reverse_path.address = {"alice", "example.jp"};
    for (std::uint32_t n = 0; n < recipients; ++n) {
      envelope.recipients.push_back({{"r" + std::to_string(n), "example.net"}, "", {}});
      spool::Schedule one;
      one.recipient = n, one.attempts = 3, one.first_failed = noon, one.failure_class = static_cast<std::uint8_t>(FailureClass::Transient);
      one.last_reply = "451 4.3.2 later";
      schedules.push_back(one);
    }
  }
  [[nodiscard]] DelayDecision decide(Duration after = 4h) const {
    return decide_delay({envelope, schedules, noon + std::chrono::duration_cast<std::chrono::microseconds>(after), 4h,
                         [this](const spool::Schedule&) { return paused; }});
  }
};

}  // namespace

TEST_CASE("the sender is told when the first recipient has waited for the time set, of all that wait") {
  Case two(2);
  CHECK(two.decide(4h - 1s).what == What::LookAgain);
  two.schedules[1].first_failed = noon + std::chrono::hours{3};
  const auto decision = two.decide();
  CHECK(decision.what == What::Tell);
  CHECK(decision.whom == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("who is never told: the null sender, NOTIFY without DELAY, who was told before") {
  Case null_sender;
  null_sender.envelope.reverse_path = {};
  CHECK(null_sender.decide().what == What::Nothing);
  Case told(2);
  spool::set_delay_told(told.schedules[1]);
  CHECK(told.decide(100h).what == What::Nothing);
  for (const Notify notify : {Notify{.never = true}, Notify{.failure = true}, Notify{.success = true}}) {
    Case unwanted;
    unwanted.envelope.recipients[0].notify = notify;
    CHECK(unwanted.decide().what == What::Nothing);
  }
  Case wanted;
  wanted.envelope.recipients[0].notify = {.delay = true};
  CHECK(wanted.decide().what == What::Tell);
  Case gone;
  gone.schedules.clear();
  CHECK(gone.decide().what == What::Nothing);
  Case beyond;
  beyond.schedules[0].recipient = 7;
  CHECK(beyond.decide().what == What::Nothing);
}

TEST_CASE("a greylist is no delay, and stopped time does not count") {
  Case grey(2);
  for (auto& one : grey.schedules) one.failure_class = static_cast<std::uint8_t>(FailureClass::Greylisted);
  CHECK(grey.decide(5h).what == What::LookAgain);
  grey.schedules[1].failure_class = static_cast<std::uint8_t>(FailureClass::Timeout);
  CHECK(grey.decide(5h).whom == std::vector<std::uint32_t>{1});
  Case paused;
  paused.paused = 1h;
  const auto later = paused.decide();
  CHECK(later.what == What::LookAgain);
  CHECK(later.count_from == noon + std::chrono::hours{1});
  CHECK(paused.decide(5h).what == What::Tell);
  Case untried;
  untried.schedules[0].attempts = 0;
  CHECK(untried.decide().what == What::Nothing);
}

TEST_CASE("a report from a schedule: the code that was given or seen, never of class 5") {
  struct Row { std::string reply; FailureClass failure; std::string_view status; bool diagnostic; };
  const Row rows[] = {{"451 4.7.1 later", FailureClass::Transient, "4.7.1", true},
                      {"550 5.1.1 no", FailureClass::Refused, "4.1.1", true},
                      {"450 later", FailureClass::Transient, "4.0.0", true},
                      {"450", FailureClass::Transient, "4.0.0", true},
                      {"connection refused", FailureClass::ConnectionRefused, "4.4.1", false},
                      {"cut", FailureClass::LineCut, "4.4.2", false},
                      {"", FailureClass::NoDnsAnswer, "4.4.3", false}};
  for (const auto& row : rows) {
    Case one;
    one.schedules[0].last_reply = row.reply, one.schedules[0].failure_class = static_cast<std::uint8_t>(row.failure);
    const auto report = delayed_report(one.envelope, one.schedules[0], noon);
    CHECK_MESSAGE(report.status == row.status, row.reply);
    CHECK(report.diagnostic.empty() != row.diagnostic);
    CHECK(report.action == Action::Delayed);
  }
}

TEST_CASE("the queue gives what is due, oldest first, and follows a changed setting") {
  DelayQueue queue;
  for (std::uint64_t n = 10; n-- > 0;) queue.add({1, 1, 1, n}, noon + std::chrono::minutes{n});
  queue.add({1, 1, 1, 0}, noon);
  CHECK(queue.take_due(noon + std::chrono::minutes{239}, 4h, 100).empty());
  CHECK(queue.take_due(noon + std::chrono::hours{4}, 4h, 100) == std::vector<TraceId>{{1, 1, 1, 0}});
  CHECK(queue.take_due(noon + std::chrono::minutes{64}, 1h, 2).size() == 2);
  CHECK(queue.take_due(noon + std::chrono::minutes{64}, 1h, 100).size() == 2);
  CHECK(queue.size() == 5);
}
