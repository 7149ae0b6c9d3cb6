// What is written down after an attempt: outcomes, schedules and the mail they cause, in the order of the spool's rules.
#include <algorithm>

#include "base/cursor.h"
#include "services/delivery/basis.h"
#include "services/delivery/delivery.h"
#include "services/delivery/report/made_mail.h"
#include "services/delivery/why/spent_times.h"

namespace hikyaku::delivery {

namespace {

// Whether its end says something of how the account that sent it chooses its recipients: others said no, not we.
bool speaks_of_the_sender(const Message& message, const Attempt& attempt) {
  if (message.envelope.account.empty()) return false;
  // Members of a list and targets of an alias are not its choice.
  const auto& recipient = message.recipient(attempt.recipient);
  if (!recipient.original_recipient.empty() && !equal_ignoring_case(recipient.original_recipient, "rfc822;" + recipient.address.text())) return false;
  if (attempt.failure == FailureClass::Name) return true;
  return !attempt.remote_mta.empty() && (attempt.failure == FailureClass::Refused || attempt.failure == FailureClass::PolicyRefused);
}

}  // namespace

// Each recipient that has an end is nobody's any more.
void Delivery::ended(const Message& message, const std::vector<spool::RecipientOutcome>& outcomes) {
  for (const auto& outcome : outcomes) {
    scheduler_.disclaim(message.ref.id, outcome.recipient);
    changed_.erase({message.ref.id, outcome.recipient});
  }
  forget_fresh(message);
}

// Those that have a time are the deferred index's.
void Delivery::deferred(const Message& message, const std::vector<spool::Schedule>& schedules) {
  for (const auto& schedule : schedules) {
    if (!is_changed(message, schedule.recipient))  // after this was written
      scheduler_.defer(schedule.destination, {message.ref.id, schedule.recipient}, schedule.next_due,
                       give_up_time(message, schedule.destination, schedule), message.envelope.priority);
    if (schedule.attempts == 1) watch_deadline(message.ref.id, message.envelope);
    if (schedule.attempts == 1 && !message.envelope.reverse_path.is_null()) delays_.add(message.ref.id, schedule.first_failed);
  }
  forget_fresh(message);
  wake_timers();
}

void Delivery::give_back_damaged(const MessagePointer& message, const std::vector<spool::Schedule>& schedules, const std::string& destination,
                                 const std::string& why) {
  std::vector<Attempt> damaged;
  for (const auto& schedule : schedules) damaged.push_back(damaged_message(schedule.recipient, why));
  parts_.loop.spawn(finish(message, std::move(damaged), destination));
}

void Delivery::end_unreadable(spool::FreshMessage fresh) {
  parts_.log.write(telemetry::events::storage_trouble, {.message = fresh.ref.id, .reason = fresh.damage});
  fresh.envelope.accepted_at = parts_.clock.wall();  // it is not known either
  std::vector<Attempt> lost;
  for (const auto& open : fresh.open) {
    scheduler_.claim(fresh.ref.id, open.index);
    lost.push_back(damaged_message(open.index, fresh.damage));
  }
  Message message{std::move(fresh.ref), std::move(fresh.envelope), {}};
  message.damage = std::move(fresh.damage);
  parts_.loop.spawn(finish(hold(std::move(message), Lane::Fresh), std::move(lost), ""));
}

// Mail that cannot be kept (the log tells why) does not keep recipients from their end.
Task<Settler::Ending> Delivery::settle_with_mail(spool::Settlement settlement) {
  const bool makes_mail = !settlement.generated.empty();
  auto outcomes = makes_mail ? settlement.outcomes : std::vector<spool::RecipientOutcome>{};
  const auto ref = settlement.message;
  auto basis = makes_mail ? settlement.based_on : spool::Stamps{};
  const auto made = made_of(settlement.generated);
  const bool to_postmaster = std::ranges::find(outcomes, spool::Outcome::DeadLetter, &spool::RecipientOutcome::outcome) != outcomes.end();
  auto settling = settler_.settle(std::move(settlement));
  const auto ending = co_await std::move(settling);
  if (ending == Settler::Ending::Written) log_made(parts_.log, ref.id, to_postmaster ? made::dead_letter : made::report, made);
  if (ending != Settler::Ending::Impossible || !makes_mail) co_return ending;
  auto alone = settler_.settle({ref, std::move(outcomes), {}, std::move(basis)});
  const auto ended = co_await std::move(alone);
  co_return ended;
}

// Under way until it is written.
Task<void> Delivery::finish_local(LocalJob job, Attempt attempt) {
  std::vector<Attempt> attempts;
  attempts.push_back(std::move(attempt));
  auto finishing = finish(job.message, std::move(attempts), "local:" + job.target.address.domain);
  co_await std::move(finishing);
  in_hand_.end(*job.message, job.recipient);
}

Task<void> Delivery::finish(MessagePointer message, std::vector<Attempt> attempts, std::string destination) {
  std::vector<std::uint32_t> whom;
  for (const auto& attempt : attempts) whom.push_back(attempt.recipient);
  const InHand::Busy busy(in_hand_, *message, whom);
  std::erase_if(attempts, [&](const Attempt& attempt) { return std::ranges::find(whom, attempt.recipient) == whom.end(); });
  if (attempts.empty()) co_return;
  ++finishing_;
  const auto now = parts_.clock.wall();
  ConclusionContext context{settings_.retry.base, now, destination, {}};
  context.paused_since = [&](std::uint32_t recipient, WallTime from) { return stood_still(*message, recipient, destination, from); };
  if (!settings_.retry.rows.empty())
    context.rules_for = [&](std::uint32_t recipient) {
      return settings_.retry.rules_for(message->recipient(recipient).address.domain, destination);
    };
  context.wait_for = [&](const Attempt& attempt, Duration elapsed) { return scheduler_.wait_for(destination, attempt, elapsed, now); };
  auto conclusion = conclude(*message, attempts, context);
  ConcludedPart whole{std::move(attempts), std::move(conclusion), destination, now, message};
  if (auto reported = ReportGathering::take_reported(*message, whole)) {
    for (const auto& attempt : reported->attempts) (void)in_hand_.begin(*message, attempt.recipient);  // until finish_gathered()
    if (gathering_.add(message->ref.id, std::move(*reported)) == ReportGathering::Place::First) parts_.loop.spawn(finish_gathered(message));
  }
  auto writing = write_conclusion(std::move(whole));
  co_await std::move(writing);
  --finishing_;
}

// Ends first, for whom a next hop took must not be tried again; then those that go on waiting.
Task<void> Delivery::write_conclusion(ConcludedPart part) {
  const MessagePointer message = part.message;
  auto& conclusion = part.conclusion;
  spool::Settlement settlement{message->ref, conclusion.outcomes, {}, basis_of(*message, conclusion.outcomes)};
  if (!conclusion.reports.empty() || !conclusion.dead_letters.empty()) {
    auto writing = write_reports(*message, conclusion);
    settlement.generated = co_await std::move(writing);
  }
  auto ending = Settler::Ending::Written;
  std::vector<Attempt> again;
  if (!conclusion.outcomes.empty()) {
    const bool makes_mail = !settlement.generated.empty();
    auto settling = settle_with_mail(std::move(settlement));
    ending = co_await std::move(settling);
    if (ending == Settler::Ending::Written || ending == Settler::Ending::Over) ended(*message, conclusion.outcomes);
    if (makes_mail) look_for_fresh();
    if (ending == Settler::Ending::Overtaken) again = std::move(part.attempts);
  }
  if (ending == Settler::Ending::Written && !conclusion.schedules.empty()) {
    auto deferring = settler_.defer({message->ref, conclusion.schedules, {}, basis_of(*message, conclusion.schedules)});
    ending = co_await std::move(deferring);
    take_deferral(message, conclusion.schedules, part.destination, ending);
    if (ending == Settler::Ending::Overtaken) {  // the ends are written
      const auto open = std::ranges::partition(part.attempts, [&](const Attempt& one) {
        return std::ranges::find(conclusion.schedules, one.recipient, &spool::Schedule::recipient) == conclusion.schedules.end();
      });
      again.assign(open.begin(), open.end());
      part.attempts.erase(open.begin(), open.end());
      ending = Settler::Ending::Written;
    }
  }
  if (ending == Settler::Ending::Written) log_conclusion(*message, part.attempts, conclusion, part.destination, part.concluded_at);
  if (!again.empty()) parts_.loop.spawn(finish_again(message, std::move(again), std::move(part.destination)));
}

// What becomes of those that were to be deferred, as the writing ended.
void Delivery::take_deferral(const MessagePointer& message, const std::vector<spool::Schedule>& schedules, const std::string& destination,
                            Settler::Ending ending) {
  if (ending == Settler::Ending::Written) deferred(*message, schedules);
  if (ending == Settler::Ending::Over)
    for (const auto& schedule : schedules) scheduler_.disclaim(message->ref.id, schedule.recipient);
  // A full disk: delivery is what makes space, so they are tried again from where they are, gate or not.
  if (ending == Settler::Ending::NoRoom) parts_.loop.spawn(dispatch_later(message, spool::recipients_of(schedules), Lane::Retry));
  if (ending == Settler::Ending::Impossible) give_back_damaged(message, schedules, destination, "it cannot be kept for a retry");
}

void Delivery::log_conclusion(const Message& message, const std::vector<Attempt>& attempts, const Conclusion& conclusion,
                              const std::string& destination, WallTime concluded_at) {
  using namespace telemetry;
  const std::string sender = message.envelope.reverse_path.text();
  for (const auto& attempt : attempts) {
    if (attempt.result == AttemptResult::Stored) continue;  // told by LocalDelivery
    const std::string recipient = message.recipient(attempt.recipient).address.text();
    Fields fields{.message = message.ref.id, .sender = sender, .null_sender = message.envelope.reverse_path.is_null(),
                  .recipient = recipient, .tls = attempt.tls, .destination = destination, .next_hop = attempt.remote_mta,
                  .reply = attempt.diagnostic, .octets = message.envelope.body_octets,
                  .accepted_at = message.envelope.accepted_at, .reason = attempt.explanation};
    const auto schedule = std::ranges::find(conclusion.schedules, attempt.recipient, &spool::Schedule::recipient);
    const bool again = attempt.result == AttemptResult::Failed && schedule != conclusion.schedules.end();
    // Of a failure until the moment that the schedule keeps, so that the next line goes on from there.
    const auto spent = time_of(message, attempt.recipient, destination, attempt.spent,
                               attempt.result == AttemptResult::Failed ? concluded_at : parts_.clock.wall());
    const SpentTimes times(spent);
    fields.since = spent.since();
    fields.spent = times.named();
    if (attempt.result != AttemptResult::Failed) {
      parts_.log.write(events::mail_sent, fields);
      continue;
    }
    fields.failure_class = class_name(attempt.failure);
    if (!again) {
      parts_.log.write(events::mail_failed, fields);
      if (parts_.refused_elsewhere && speaks_of_the_sender(message, attempt)) parts_.refused_elsewhere(message.envelope.account);
      continue;
    }
    fields.attempt = schedule->attempts;
    fields.next_try = schedule->next_due;
    parts_.log.write(events::delivery_deferred, fields);
  }
}

}  // namespace hikyaku::delivery
