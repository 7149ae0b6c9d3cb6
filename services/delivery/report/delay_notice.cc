#include "services/delivery/report/delay_notice.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/smtp/reply.h"
#include "services/delivery/notification.h"

namespace hikyaku::delivery {
namespace {

constexpr auto look_again_greylisted = std::chrono::hours{1};

// "451 4.7.1 later": the code a peer gave, or the one for what we saw. A delay is never of class 5 (RFC 3464 §2.3.4).
std::string status_of(const spool::Schedule& schedule) {
  const std::string_view reply = schedule.last_reply;
  std::size_t length = 0;
  std::string status;
  if (reply.size() > 4)
    if (const auto code = smtp::parse_enhanced_code(reply.substr(4), length)) status = code->text();
  if (status.empty()) {
    const auto failure = failure_class_of(schedule.failure_class);
    status = failure == FailureClass::LineCut ? "4.4.2" : failure == FailureClass::NoDnsAnswer ? "4.4.3" : is_silence(failure) ? "4.4.1" : "4.0.0";
  }
  status[0] = '4';
  return status;
}

bool is_reply(std::string_view text) { return text.size() >= 3 && is_digit(text[0]) && is_digit(text[1]) && is_digit(text[2]); }

}  // namespace

void DelayQueue::add(const TraceId& message, WallTime first_failed) {
  heap_.push_back({first_failed, message});
  std::ranges::push_heap(heap_, std::greater{});
}

std::vector<TraceId> DelayQueue::take_due(WallTime now, Duration delay, std::size_t limit) {
  std::vector<TraceId> due;
  while (due.size() < limit && !heap_.empty() && now - heap_.front().first_failed >= delay) {
    std::ranges::pop_heap(heap_, std::greater{});
    // A message whose recipients failed together is here as often.
    if (due.empty() || due.back() != heap_.back().message) due.push_back(heap_.back().message);
    heap_.pop_back();
  }
  return due;
}

DelayDecision decide_delay(const DelayQuestion& question) {
  using enum DelayDecision::What;
  const auto& schedules = question.schedules;
  if (schedules.empty() || question.envelope.reverse_path.is_null()) return {};
  if (std::ranges::any_of(schedules, [](const auto& one) { return spool::delay_told(one); })) return {};
  const auto delay = std::chrono::duration_cast<std::chrono::microseconds>(question.delay);
  DelayDecision decision;
  Duration longest{};
  bool greylisted = false;
  for (const auto& one : schedules) {
    if (one.recipient >= question.envelope.recipients.size() || one.attempts == 0) continue;
    if (!wants_notification(question.envelope, question.envelope.recipients[one.recipient], Action::Delayed)) continue;
    if (failure_class_of(one.failure_class) == FailureClass::Greylisted) {
      greylisted = true;
      continue;
    }
    const Duration elapsed = (question.now - one.first_failed) - question.paused_since_failure(one) - one.paused;
    longest = std::max(longest, elapsed);
    decision.whom.push_back(one.recipient);
  }
  if (decision.whom.empty()) return greylisted ? DelayDecision{LookAgain, question.now - delay + look_again_greylisted, {}} : DelayDecision{};
  if (longest < question.delay)
    return {LookAgain, question.now - std::chrono::duration_cast<std::chrono::microseconds>(longest), {}};
  decision.what = Tell;
  return decision;
}

RecipientReport delayed_report(const Envelope& envelope, const spool::Schedule& schedule, std::optional<WallTime> retried_until) {
  RecipientReport report;
  report.recipient = envelope.recipients[schedule.recipient];
  report.index = schedule.recipient;
  report.action = Action::Delayed;
  report.status = status_of(schedule);
  (is_reply(schedule.last_reply) ? report.diagnostic : report.explanation) = schedule.last_reply;
  report.failure = failure_class_of(schedule.failure_class);
  report.will_retry_until = retried_until;
  return report;
}

}  // namespace hikyaku::delivery
