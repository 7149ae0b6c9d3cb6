// Mail that goes on: the recipient is left behind and becomes new mails, an alias's, a forward's or a list's, all written
// with its outcome in one record group.
#include "services/delivery/basis.h"
#include "services/delivery/delivery.h"
#include "services/delivery/notification.h"
#include "services/delivery/onward/expansion.h"
#include "services/delivery/onward/onward.h"
#include "services/delivery/report/made_mail.h"
#include "services/delivery/why/spent_times.h"

namespace hikyaku::delivery {
namespace {

constexpr std::uint64_t most_expanding_octets = 64 << 20;  // in memory for the mails that aliases become
constexpr std::uint64_t octets_of_a_target = 256;          // about

Attempt unservable_alias(std::uint32_t recipient, std::string status, std::string explanation) {
  return {recipient, AttemptResult::Failed, FailureClass::Transient, std::move(status), "", std::move(explanation), "", ""};
}

}  // namespace

// Thousands of targets are looked up on a worker: a loop's step must stay short.
Task<bool> Delivery::plan_all(MessagePointer message, std::uint32_t recipient, ToTargets& plan) {
  const auto directory = parts_.directory.newest();
  const Address& alias = message->recipient(recipient).address;
  ++finishing_;
  const RoutingQuestion question{message->envelope.reverse_path, message->recipient(recipient), 0, directory::Snapshot::most_targets, &message->envelope};
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

// Each of the new mails exists once however often this is repeated.
Task<void> Delivery::expand(MessagePointer message, std::uint32_t recipient, OnwardPlan plan) {
  std::vector<std::uint32_t> one{recipient};
  const InHand::Busy busy(in_hand_, *message, one);
  if (one.empty()) co_return;
  if (auto* alias = std::get_if<ToTargets>(&plan); alias != nullptr && alias->truncated) {
    auto planning = plan_all(message, recipient, *alias);
    const bool planned = co_await std::move(planning);
    if (!planned) co_return;
  }
  const auto directory = parts_.directory.newest();
  const std::uint64_t octets = message->envelope.body_octets;
  const std::size_t copies = copies_of(*directory, plan);
  const std::uint64_t cost = octets * (copies / most_part_recipients + 2) + copies * octets_of_a_target;
  if (expanding_octets_ > 0 && expanding_octets_ + cost > most_expanding_octets) {
    parts_.loop.spawn(dispatch_later(message, {recipient}, Lane::Fresh));
    co_return;
  }
  ++finishing_;
  expanding_octets_ += cost;
  auto making = write_onward(message, recipient, std::move(plan), directory);
  co_await std::move(making);
  --finishing_;
  expanding_octets_ -= cost;
}

Task<void> Delivery::write_onward(MessagePointer message, std::uint32_t recipient, OnwardPlan plan,
                                      std::shared_ptr<const directory::Snapshot> directory) {
  const std::uint64_t octets = message->envelope.body_octets;
  const Recipient& from = message->recipient(recipient);
  const std::string destination = "local:" + from.address.domain;
  TextStream stream;
  auto reading = read_text(*message, stream, octets);
  std::string text = co_await std::move(reading);
  if (text.size() != octets) {
    if (stream.damage.empty()) parts_.loop.spawn(dispatch_later(message, {recipient}, Lane::Fresh));
    else parts_.loop.spawn(finish(message, {damaged_message(recipient, stream.damage)}, destination));
    co_return;
  }
  const RoutingSettings routing = settings_.routing;
  const auto now = parts_.clock.wall();
  const std::string lost = std::visit([](auto& one) { return std::move(one.lost); }, plan);
  auto work = parts_.workers.run(parts_.loop, [&] {
    return make_onward({*directory, routing, parts_.generated_journal, now}, message->envelope, recipient, std::move(plan), text);
  });
  auto made = co_await std::move(work);
  if (!made) {  // no worker was free
    parts_.loop.spawn(dispatch_later(message, {recipient}, Lane::Fresh));
    co_return;
  }
  if (made->refused) {
    const auto& refused = *made->refused;
    parts_.loop.spawn(finish(message, {{recipient, AttemptResult::Failed, FailureClass::Refused, refused.status, "", refused.explanation, "", ""}}, destination));
    co_return;
  }
  std::vector<spool::GeneratedMail> mails;
  std::size_t copies = 0;
  for (const auto& mail : made->mails) copies += mail.envelope.recipients.size();
  const auto action = made->is_delivered ? Action::Delivered : Action::Expanded;
  if ((copies > 1 || made->is_delivered) && wants_notification(message->envelope, from, action))
    mails.push_back(report_mail(*message, {{.recipient = from, .index = recipient, .action = action, .status = "2.0.0"}}, "expanded", text));
  const auto reports = made_of(mails);
  std::vector<std::pair<TraceId, std::size_t>> ids;
  for (auto& mail : made->mails) {
    ids.emplace_back(mail.envelope.id, mail.envelope.recipients.size());
    mails.push_back(std::move(mail));
  }
  auto settlement = expansion_of(*message, recipient, std::move(mails));
  const auto outcomes = settlement.outcomes;
  auto settling = settler_.settle(std::move(settlement));
  const auto ending = co_await std::move(settling);
  if (ending == Settler::Ending::Written) {
    tell_lost(*message, recipient, lost);
    log_expansion(*message, recipient, ids);
    log_made(parts_.log, message->ref.id, made::report, reports);
  }
  if (ending == Settler::Ending::Written || ending == Settler::Ending::Over) ended(*message, outcomes);
  if (ending == Settler::Ending::Overtaken) parts_.loop.spawn(dispatch_again(message, {recipient}));
  // As with one that leads to too many: nobody gets a copy, and the operator has the time to mend it.
  if (ending == Settler::Ending::Impossible)
    parts_.loop.spawn(finish(message, {unservable_alias(recipient, "4.3.4", "The mails that the address leads to cannot be written.")}, destination));
  look_for_fresh();
}

void Delivery::log_expansion(const Message& message, std::uint32_t recipient, const std::vector<std::pair<TraceId, std::size_t>>& copies) {
  using namespace telemetry;
  constexpr std::size_t most_ids = 20;  // of one line; each copy has a line of its own besides
  const std::string from = message.recipient(recipient).address.text(), sender = message.envelope.reverse_path.text();
  const std::string destination = "local:" + message.recipient(recipient).address.domain;
  std::string ids;
  std::uint64_t recipients = 0;
  for (const auto& [id, count] : copies) {
    recipients += count;
    if (ids.size() < most_ids * 28) ids += (ids.empty() ? "" : " ") + id.text();
  }
  const auto spent = time_of(message, recipient, destination, {}, parts_.clock.wall());
  const SpentTimes times(spent);
  parts_.log.write(events::mail_expanded, {.message = message.ref.id, .sender = sender, .null_sender = message.envelope.reverse_path.is_null(),
                                           .recipient = from, .destination = destination, .octets = message.envelope.body_octets, .count = recipients,
                                           .accepted_at = message.envelope.accepted_at, .since = spent.since(), .spent = times.named(), .text = ids});
  for (const auto& [id, count] : copies)
    parts_.log.write(events::mail_generated, {.message = id, .parent = message.ref.id, .sender = sender, .null_sender = message.envelope.reverse_path.is_null(),
                                              .original_recipient = from, .octets = message.envelope.body_octets, .count = count});
}

}  // namespace hikyaku::delivery
