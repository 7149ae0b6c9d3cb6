// What is written down after an attempt: outcomes, schedules and the mail they cause, in the order of the spool's rules.
#include <algorithm>

#include "services/delivery/delivery.h"
#include "services/delivery/expansion.h"
#include "services/delivery/notification.h"
#include "services/delivery/why/spent_times.h"

namespace hikyaku::delivery {
namespace {

constexpr std::uint64_t most_expanding_octets = 64 << 20;  // in memory for the mails that aliases become
constexpr std::uint64_t octets_of_a_target = 256;          // about

Attempt unservable_alias(std::uint32_t recipient, std::string status, std::string explanation) {
  return {recipient, AttemptResult::Failed, FailureClass::Transient, std::move(status), "", std::move(explanation), "", ""};
}

}  // namespace

// Each recipient that has an end is nobody's any more.
void Delivery::ended(const Message& message, const std::vector<spool::RecipientOutcome>& outcomes) {
  for (const auto& outcome : outcomes) scheduler_.disclaim(message.ref.id, outcome.recipient);
}

// Those that have a time are the deferred index's.
void Delivery::deferred(const Message& message, const std::vector<spool::Schedule>& schedules, const std::string& destination) {
  for (const auto& schedule : schedules) {
    scheduler_.defer(destination, {message.ref.id, schedule.recipient}, schedule.next_due, give_up_time(destination, schedule));
    if (schedule.attempts == 1 && !message.envelope.reverse_path.is_null()) delays_.add(message.ref.id, schedule.first_failed);
  }
  wake_timers();
}

// Mail that cannot be kept (the log tells why) does not keep recipients from their end.
io::Task<Settler::Ending> Delivery::settle_with_mail(spool::Settlement settlement) {
  const bool makes_mail = !settlement.generated.empty();
  auto outcomes = makes_mail ? settlement.outcomes : std::vector<spool::RecipientOutcome>{};
  const auto ref = settlement.message;
  auto settling = settler_.settle(std::move(settlement));
  const auto ending = co_await std::move(settling);
  if (ending != Settler::Ending::Impossible || !makes_mail) co_return ending;
  auto alone = settler_.settle({ref, std::move(outcomes), {}});
  const auto ended = co_await std::move(alone);
  co_return ended;
}

io::Task<void> Delivery::finish(MessagePointer message, std::vector<Attempt> attempts, std::string destination) {
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
  ConcludedPart whole{std::move(attempts), std::move(conclusion), destination, now};
  if (auto reported = ReportGathering::take_reported(*message, whole))
    if (gathering_.add(message->ref.id, std::move(*reported)) == ReportGathering::Place::First) parts_.loop.spawn(finish_gathered(message));
  attempts = std::move(whole.attempts), conclusion = std::move(whole.conclusion);
  spool::Settlement settlement{message->ref, conclusion.outcomes, {}};
  if (!conclusion.reports.empty() || !conclusion.dead_letters.empty()) {
    auto writing = write_reports(*message, conclusion);
    settlement.generated = co_await std::move(writing);
  }
  bool written = true;
  if (!conclusion.outcomes.empty()) {
    const bool makes_mail = !settlement.generated.empty();
    auto settling = settle_with_mail(std::move(settlement));
    const auto ending = co_await std::move(settling);
    written = ending == Settler::Ending::Written;
    if (written || ending == Settler::Ending::Over) ended(*message, conclusion.outcomes);
    if (makes_mail) look_for_fresh();
  }
  if (written && !conclusion.schedules.empty()) {
    auto deferring = settler_.defer({message->ref, conclusion.schedules, {}});
    const auto ending = co_await std::move(deferring);
    written = ending == Settler::Ending::Written;
    if (written) deferred(*message, conclusion.schedules, destination);
    if (ending == Settler::Ending::Over)
      for (const auto& schedule : conclusion.schedules) scheduler_.disclaim(message->ref.id, schedule.recipient);
    // A full disk: delivery is what makes space, so they are tried again from where they are, gate or not.
    if (ending == Settler::Ending::NoRoom) {
      std::vector<std::uint32_t> again;
      for (const auto& schedule : conclusion.schedules) again.push_back(schedule.recipient);
      parts_.loop.spawn(dispatch_later(message, std::move(again), Lane::Retry));
    }
    // Its text cannot be kept, so it cannot be tried again: who sent it must know.
    if (ending == Settler::Ending::Impossible) {
      std::vector<Attempt> damaged;
      for (const auto& schedule : conclusion.schedules) damaged.push_back(damaged_message(schedule.recipient, "it cannot be kept for a retry"));
      parts_.loop.spawn(finish(message, std::move(damaged), destination));
    }
  }
  if (written) log_conclusion(*message, attempts, conclusion, destination, now);
  --finishing_;
}

// Thousands of targets are looked up on a worker: a loop's step must stay short.
io::Task<bool> Delivery::plan_all(MessagePointer message, std::uint32_t recipient, ToTargets& plan) {
  const auto directory = parts_.directory.newest();
  const Address& alias = message->recipient(recipient).address;
  ++finishing_;
  const RoutingQuestion question{message->envelope.reverse_path, message->recipient(recipient), 0, directory::Snapshot::most_targets};
  const RoutingSettings routing = settings_.routing;
  auto work = parts_.workers.run(parts_.loop, [&]() -> std::optional<RecipientPlan> {
    if (!directory) return std::nullopt;
    return plan_recipient(*directory, routing, question);
  });
  auto ran = co_await std::move(work);
  --finishing_;
  auto* whole = ran && *ran ? std::get_if<ToTargets>(&**ran) : nullptr;
  if (whole == nullptr) {  // no worker was free, or the directory changed meanwhile
    parts_.loop.spawn(dispatch_later(message, {recipient}, Lane::Fresh));
    co_return false;
  }
  plan = std::move(*whole);
  if (!plan.truncated) co_return true;
  // RFC 3463 X.2.4. Nobody gets a copy rather than some: the operator can split the alias while it is tried again.
  auto failed = unservable_alias(recipient, "4.2.4", "The alias leads to more addresses than can be served at once.");
  parts_.loop.spawn(finish(message, {std::move(failed)}, "local:" + alias.domain));
  co_return false;
}

// The alias is left behind: new mails to its targets, all written with the outcome in one record group, so that each exists
// once however often this is repeated.
io::Task<void> Delivery::expand(MessagePointer message, std::uint32_t recipient, ToTargets plan) {
  if (plan.truncated) {
    auto planning = plan_all(message, recipient, plan);
    const bool planned = co_await std::move(planning);
    if (!planned) co_return;
  }
  const std::string lost = std::move(plan.lost);
  const std::uint64_t octets = message->envelope.body_octets;
  const std::string destination = "local:" + message->recipient(recipient).address.domain;
  const std::size_t count = plan.targets.size();
  auto mails = expand_recipient(message->envelope, recipient, std::move(plan.targets), parts_.generated_journal);
  const std::uint64_t cost = octets * mails.size() + count * octets_of_a_target;
  if (expanding_octets_ > 0 && expanding_octets_ + cost > most_expanding_octets) {
    parts_.loop.spawn(dispatch_later(message, {recipient}, Lane::Fresh));
    co_return;
  }
  ++finishing_;
  expanding_octets_ += cost;
  TextStream stream;
  auto reading = read_text(*message, stream, octets);
  std::string text = co_await std::move(reading);
  if (text.size() != octets) {
    --finishing_;
    expanding_octets_ -= cost;
    if (stream.damage.empty()) parts_.loop.spawn(dispatch_later(message, {recipient}, Lane::Fresh));
    else parts_.loop.spawn(finish(message, {damaged_message(recipient, stream.damage)}, destination));
    co_return;
  }
  spool::Settlement settlement{message->ref, {{recipient, spool::Outcome::Expanded, {}}}, {}};
  const Recipient& alias = message->recipient(recipient);
  if (count > 1 && wants_notification(message->envelope, alias, Action::Expanded))
    settlement.generated.push_back(report_mail(*message, {{.recipient = alias, .index = recipient, .action = Action::Expanded, .status = "2.0.0"}}, "expanded", text));
  for (auto& envelope : mails) settlement.generated.push_back({std::move(envelope), text});
  const auto outcomes = settlement.outcomes;
  auto settling = settler_.settle(std::move(settlement));
  const auto ending = co_await std::move(settling);
  if (ending == Settler::Ending::Written) tell_lost(*message, recipient, lost);
  if (ending == Settler::Ending::Written || ending == Settler::Ending::Over) ended(*message, outcomes);
  // As with one that leads to too many: nobody gets a copy, and the operator has the time to mend it.
  if (ending == Settler::Ending::Impossible)
    parts_.loop.spawn(finish(message, {unservable_alias(recipient, "4.3.4", "The mails that the alias leads to cannot be written.")}, destination));
  look_for_fresh();
  --finishing_;
  expanding_octets_ -= cost;
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
      continue;
    }
    fields.attempt = schedule->attempts;
    fields.next_try = schedule->next_due;
    parts_.log.write(events::delivery_deferred, fields);
  }
}

}  // namespace hikyaku::delivery
