#include "services/delivery/conclusion.h"

#include <algorithm>

#include "services/delivery/notification.h"

namespace hikyaku::delivery {
namespace {

RecipientReport report_of(const Message& message, const Attempt& attempt, Action action, WallTime now) {
  RecipientReport report;
  report.recipient = message.recipient(attempt.recipient);
  report.index = attempt.recipient;
  report.action = action;
  report.status = attempt.status;
  report.diagnostic = attempt.diagnostic;
  report.explanation = attempt.explanation;
  report.remote_mta = attempt.remote_mta;
  report.last_attempt = now;
  if (attempt.result == AttemptResult::Failed) report.failure = attempt.failure;
  return report;
}

// RFC 2852 §4.1.4: of mail to be traced, and of mail passed on in time to who knows of none; whatever DSN was asked for.
bool tells_of_passing_on(const Message& message, const Attempt& attempt, WallTime now) {
  const auto& by = message.envelope.deliver_by;
  if (!by || attempt.result == AttemptResult::Stored || message.envelope.reverse_path.is_null() || message.recipient(attempt.recipient).notify.never) return false;
  return by->trace || (by->mode == ByMode::Notify && !attempt.keeps_time && now < by->deadline);
}

// Mail that is to be delivered by a time is tried once more shortly before: three quarters of what is left, until little is.
WallTime due_before_deadline(const Envelope& envelope, WallTime due, WallTime now) {
  constexpr auto least = std::chrono::seconds{10}, last_try = std::chrono::seconds{60};
  if (!envelope.deliver_by || envelope.deliver_by->mode != ByMode::Return) return due;
  const auto deadline = envelope.deliver_by->deadline;
  if (due < deadline || deadline - now < least) return due;
  return deadline - std::min<std::chrono::microseconds>(last_try, (deadline - now) / 4);
}

void conclude_success(const Message& message, const Attempt& attempt, WallTime now, Conclusion& conclusion) {
  const bool stored = attempt.result == AttemptResult::Stored;
  // A copy may be lazy only while incoming still has the message: an outcome ends its place in holding for good.
  const bool lazy = stored && message.ref.journal != 0;
  conclusion.outcomes.push_back({attempt.recipient, lazy ? spool::Outcome::DeliveredLazy : spool::Outcome::Delivered,
                                 lazy ? attempt.account : std::string()});
  if (tells_of_passing_on(message, attempt, now)) {
    auto report = report_of(message, attempt, Action::Relayed, now);
    report.status = "2.0.0";
    conclusion.reports.push_back(std::move(report));
    return;
  }
  // A peer that offers DSN reports the success itself (RFC 3461 §5.2.1, §5.2.3); a confirmed copy was reported with its outcome.
  if (attempt.result == AttemptResult::Sent || attempt.told_before) return;
  const Action action = stored ? Action::Delivered : Action::Relayed;
  if (!wants_notification(message.envelope, message.recipient(attempt.recipient), action)) return;
  auto report = report_of(message, attempt, action, now);
  report.status = "2.0.0";
  conclusion.reports.push_back(std::move(report));
}

// "5.7.1" of a peer that said 4xx until the period was over stays what it is; a 4.x.x becomes 5.x.x only in class, since
// the failure is permanent now (RFC 3464 §2.3.4 keeps the peer's words in the diagnostic).
std::string permanent_status(const Attempt& attempt) {
  std::string status = attempt.status.empty() ? "5.0.0" : attempt.status;
  if (is_silence(attempt.failure) && attempt.status.empty()) status = "5.4.1";
  status[0] = '5';
  return status;
}

void conclude_failure(const Message& message, const Attempt& attempt, const ConclusionContext& context,
                      Conclusion& conclusion) {
  const auto before = message.history.find(attempt.recipient);
  spool::Schedule schedule;
  if (before != message.history.end()) schedule = before->second;
  if (schedule.attempts == 0) schedule.first_failed = context.now;  // the period begins with the first failed attempt
  schedule.recipient = attempt.recipient;
  const bool elsewhere = std::ranges::find(message.sent_elsewhere, attempt.recipient) != message.sent_elsewhere.end();
  if (!elsewhere) schedule.destination = context.destination;
  schedule.failure_class = static_cast<std::uint8_t>(attempt.failure);
  ++schedule.attempts;
  schedule.last_tried = context.now;
  schedule.last_reply = attempt.diagnostic.empty() ? attempt.explanation : attempt.diagnostic;
  if (elsewhere && attempt.again == Again::ByTheRules) {
    schedule.next_due = context.now;
    conclusion.schedules.push_back(std::move(schedule));
    return;
  }

  const Duration elapsed =
      (context.now - schedule.first_failed) - context.paused_since(attempt.recipient, schedule.first_failed) - schedule.paused;
  const auto decision = attempt.again == Again::Pointless
                            ? RetryDecision{GiveUp{}}
                            : decide(context.rules_for ? context.rules_for(attempt.recipient) : context.rules,
                                     {attempt.failure, schedule.attempts, elapsed,
                                      message.envelope.reverse_path.is_null() ? MailKind::ErrorMail : MailKind::Ordinary,
                                      context.wait_for ? context.wait_for(attempt, elapsed) : attempt.wait_hint});
  if (const auto* retry = std::get_if<RetryAfter>(&decision)) {
    schedule.next_due = due_before_deadline(message.envelope, context.now + std::chrono::duration_cast<std::chrono::microseconds>(retry->wait), context.now);
    conclusion.schedules.push_back(std::move(schedule));
    return;
  }
  const bool counted = limit_of(attempt.failure) == Limit::Count;
  auto outcome = counted ? spool::Outcome::Bounced : spool::Outcome::Expired;
  if (wants_notification(message.envelope, message.recipient(attempt.recipient), Action::Failed)) {
    auto report = report_of(message, attempt, Action::Failed, context.now);
    report.status = permanent_status(attempt);
    conclusion.reports.push_back(std::move(report));
  } else if (message.envelope.reverse_path.is_null() && message.generated_here()) {
    conclusion.dead_letters.push_back(attempt.recipient);
    outcome = spool::Outcome::DeadLetter;
  }
  conclusion.outcomes.push_back({attempt.recipient, outcome, {}});
}

}  // namespace

std::vector<std::uint32_t> take_over(const Message& before, Message& now, std::vector<Attempt>& attempts) {
  std::vector<std::uint32_t> ended;
  std::erase_if(attempts, [&](const Attempt& attempt) {
    const auto was = before.history.find(attempt.recipient);
    if (was == before.history.end()) return false;  // fresh: nobody else can have it (in_hand.h)
    const auto is = now.history.find(attempt.recipient);
    if (is == now.history.end()) {
      ended.push_back(attempt.recipient);
      return true;
    }
    if (is->second.destination != was->second.destination || is->second.via != was->second.via) now.sent_elsewhere.push_back(attempt.recipient);
    return false;
  });
  return ended;
}

Conclusion conclude(const Message& message, const std::vector<Attempt>& attempts, const ConclusionContext& context) {
  Conclusion conclusion;
  for (const auto& attempt : attempts) {
    if (attempt.result == AttemptResult::Failed) conclude_failure(message, attempt, context, conclusion);
    else conclude_success(message, attempt, context.now, conclusion);
  }
  return conclusion;
}

}  // namespace hikyaku::delivery
