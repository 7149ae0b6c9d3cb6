// What waits for a hold to end. A destination that is held whole is shut in the scheduler: no timer, no I/O, whatever waits
// there. Of other holds (a sender, an account, one domain of a gateway) each recipient is met when its turn comes, once,
// and then waits in the deferred index for the hold's end or release.
#include <algorithm>

#include "services/delivery/chosen_hold.h"
#include "services/delivery/delivery.h"
#include "services/delivery/recipient_pauses.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t released_in_a_step = 5'000, destinations_in_a_step = 1'000;

using directory::Hold;
using directory::HoldAction;
using directory::HoldFacts;

constexpr auto for_good = std::chrono::days{3650};

WallTime wait_until(const Hold& hold, WallTime now) { return std::min(hold.end, now + for_good); }

std::string words_of(const Hold& hold) { return "Held by hold " + std::to_string(hold.id) + ": " + hold.reason; }

// The facts of one recipient, with the texts they look at.
struct Facts {
  std::string sender, mailbox;
  std::string_view domain, destination, sent_by;

  Facts(const Message& message, std::uint32_t recipient, std::string_view key, std::string mailbox_of)
      : sender(message.envelope.reverse_path.text()), mailbox(std::move(mailbox_of)),
        domain(message.recipient(recipient).address.domain), destination(key), sent_by(message.envelope.account) {}
  [[nodiscard]] HoldFacts view() const { return {domain, destination, sender, sent_by, mailbox}; }
};

std::optional<NextHop> other_hop(const Hold& hold) {
  const auto colon = hold.other_route.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  return NextHop{Via::Host, hold.other_route.substr(0, colon), static_cast<std::uint16_t>(std::atoi(hold.other_route.c_str() + colon + 1)), nullptr};
}

}  // namespace

const Hold* Delivery::hold_on(const directory::Snapshot& directory, const Message& message, std::uint32_t recipient, RecipientPlan& plan) const {
  const auto& holds = directory.contents().holds;
  if (holds.empty()) return nullptr;
  if (const auto before = message.history.find(recipient); before != message.history.end())
    if (const auto* hold = chosen_hold(before->second, holds, parts_.clock.wall())) return hold;
  const std::string key = destination_of(plan);
  if (key.empty()) return nullptr;  // an alias, or nothing to deliver: its copies meet the holds
  const auto* mailbox = std::get_if<ToMailbox>(&plan);
  const Facts facts(message, recipient, key, mailbox != nullptr ? mailbox->target.address.text() : std::string{});
  const auto* hold = directory::find_hold(holds, facts.view(), parts_.clock.wall());
  if (hold == nullptr || hold->action != HoldAction::OtherRoute) return hold;
  const auto hop = other_hop(*hold);
  const auto before = message.history.find(recipient);
  // New mail, or what was sent there before.
  if (!hop || (before != message.history.end() && before->second.destination != hop->key())) return hold;
  plan = ToNextHop{*hop};
  return nullptr;
}

void Delivery::add_kept(KeptBackParts& parts, const Hold& hold, std::string destination, std::uint32_t recipient) {
  auto& part = parts[{hold.id, destination}];
  part.hold = hold.id;
  part.until = hold.end;
  part.words = words_of(hold);
  part.destination = std::move(destination);
  part.recipients.push_back(recipient);
}

bool Delivery::leave_held(RemoteJob& job, const std::string& destination) {
  const auto directory = parts_.directory.newest();
  if (!job.message || !directory || directory->contents().holds.empty()) return false;
  const auto now = parts_.clock.wall();
  KeptBackParts kept;
  std::erase_if(job.recipients, [&](std::uint32_t recipient) {
    const Facts facts(*job.message, recipient, destination, {});
    const auto* hold = directory::find_hold(directory->contents().holds, facts.view(), now);
    if (hold == nullptr || (hold->action == HoldAction::OtherRoute && other_hop(*hold) && other_hop(*hold)->key() == destination)) return false;
    add_kept(kept, *hold, destination, recipient);
    return true;
  });
  if (!kept.empty()) keep_back(job.message, std::move(kept));
  return job.recipients.empty();
}

void Delivery::keep_back(const MessagePointer& message, KeptBackParts parts) {
  for (auto& [place, part] : parts) {
    part.priority = message->envelope.priority;
    KeptBack fresh = part;
    fresh.recipients.clear();
    for (const auto recipient : part.recipients) {
      const auto before = message->history.find(recipient);
      // What is in holding has its schedule there already: it only waits elsewhere. No I/O.
      if (before == message->history.end()) fresh.recipients.push_back(recipient);
      else wait_under(part, before->second.destination, {message->ref.id, recipient}, give_up_time(*message, before->second.destination, before->second));
    }
    if (!fresh.recipients.empty()) parts_.loop.spawn(keep_fresh(message, std::move(fresh)));
  }
}

// Into holding without an attempt: incoming must not fill, and no period has begun.
Task<void> Delivery::keep_fresh(MessagePointer message, KeptBack kept) {
  const InHand::Busy busy(in_hand_, *message, kept.recipients);
  if (kept.recipients.empty()) co_return;
  ++finishing_;
  std::vector<spool::Schedule> schedules;
  for (const auto recipient : kept.recipients) {
    spool::Schedule schedule;
    schedule.recipient = recipient;
    schedule.destination = kept.destination;
    schedule.failure_class = static_cast<std::uint8_t>(FailureClass::Transient);
    schedule.next_due = parts_.clock.wall();  // the next life asks the holds again
    schedule.last_reply = kept.words;
    schedules.push_back(std::move(schedule));
  }
  auto deferring = settler_.defer({message->ref, schedules, {}});
  const auto ending = co_await std::move(deferring);
  if (ending == Settler::Ending::Written) {
    watch_deadline(message->ref.id, message->envelope);
    for (const auto recipient : kept.recipients) wait_under(kept, kept.destination, {message->ref.id, recipient}, WallTime::max());
    forget_fresh(*message);
    for (const auto recipient : kept.recipients) {
      const std::string sender = message->envelope.reverse_path.text(), address = message->recipient(recipient).address.text();
      parts_.log.write(telemetry::events::delivery_held,
                       {.message = message->ref.id, .sender = sender, .null_sender = sender.empty(), .recipient = address,
                        .destination = kept.destination, .reason = kept.words});
    }
  } else if (ending == Settler::Ending::Over) {
    for (const auto recipient : kept.recipients) scheduler_.disclaim(message->ref.id, recipient);
  } else if (ending == Settler::Ending::Impossible) {
    give_back_damaged(message, schedules, kept.destination, "it cannot be kept under a hold");
  } else if (ending != Settler::Ending::Stopped) {
    parts_.loop.spawn(dispatch_later(message, kept.recipients, Lane::Fresh));
  }
  --finishing_;
}

void Delivery::wait_under(const KeptBack& kept, const std::string& destination, DeferredEntry entry, WallTime give_up_at) {
  const auto now = parts_.clock.wall();
  scheduler_.defer(destination, entry, std::min(kept.until, now + for_good), give_up_at, kept.priority);
  if (!held_destinations_.contains(destination)) waiting_under_[kept.hold][destination].push_back(entry);
}

// Shuts the destinations that a running hold selects whole, and opens those that none does any more. True: some were opened.
Task<bool> Delivery::hold_destinations(std::shared_ptr<const directory::Snapshot> directory, WallTime now) {
  auto changes = held_destinations_.follow(directory->contents().holds, now);
  auto newcomers = scheduler_.take_newcomers();
  auto& to_meet = newcomers.names;
  if ((changes.all_again || newcomers.too_many) && !held_destinations_.idle()) {
    to_meet = scheduler_.destinations();
    std::ranges::move(scheduler_.deferred().destinations(), std::back_inserter(to_meet));
  }
  std::size_t done = 0;
  if (!held_destinations_.idle())
    for (const auto& key : to_meet) {
      if (const auto* hold = held_destinations_.meet(key)) changes.held.emplace_back(key, hold);
      if (++done % destinations_in_a_step == 0) co_await parts_.loop.yield();
    }
  for (const auto& key : changes.released) {
    scheduler_.release_hold(key, now);
    if (++done % destinations_in_a_step == 0) co_await parts_.loop.yield();
  }
  for (const auto& [key, hold] : changes.held) {
    scheduler_.hold(key, now, wait_until(*hold, now), words_of(*hold));
    if (++done % destinations_in_a_step == 0) co_await parts_.loop.yield();
  }
  co_return !changes.released.empty();
}

// Nobody gives a command when they begin and end.
void Delivery::tell_of_planned(const std::vector<Hold>& holds, WallTime now) {
  for (const auto& one : planned_holds_.look(holds, now)) {
    const auto text = turn_text(one);
    parts_.log.write(telemetry::events::queue_changed,
                     {.since = one.turn == PlannedHolds::Turn::Begins ? one.hold->start : one.hold->end, .by = one.hold->owner, .text = text, .reason = one.hold->reason});
  }
}

WallTime Delivery::look_at_planned() {
  const auto now = parts_.clock.wall();
  if (const auto directory = parts_.directory.newest()) tell_of_planned(directory->contents().holds, now);
  return now;
}

io::DiskResult<> Delivery::ended() { return parts_.ledger.seen_alive(look_at_planned()); }

Task<void> Delivery::follow_holds() {
  const auto directory = parts_.directory.newest();
  if (!directory) co_return;
  const auto now = parts_.clock.wall();
  const auto& holds = directory->contents().holds;
  tell_of_planned(holds, now);
  auto holding = hold_destinations(directory, now);
  bool released = co_await std::move(holding);
  if (released) parts_.loop.spawn(load_deferred(), io::Precedence::Background);  // periods end later now, by the time of the hold
  std::erase_if(waiting_under_, [&](const auto& under) {
    const auto hold = std::ranges::find(holds, under.first, &Hold::id);
    if (hold != holds.end() && hold->runs(now)) return false;
    parts_.loop.spawn(release(std::move(under.second)));
    return released = true;
  });
  if (!released) co_return;
  wake_timers();
  pump();
}

// Oldest first in a destination: ids are in the order of acceptance. In many steps: there may be a million.
Task<void> Delivery::release(std::map<std::string, std::vector<DeferredEntry>> held) {
  std::size_t done = 0;
  for (const auto& [destination, entries] : held)
    for (const auto& entry : entries) {
      scheduler_.deferred().set_due(destination, entry, parts_.clock.wall());
      if (++done % released_in_a_step != 0) continue;
      wake_timers();
      pump();
      co_await parts_.loop.yield();
    }
  wake_timers();
  pump();
}

Task<void> Delivery::propose() {
  auto proposals = propose_holds(scheduler_, settings_.propose_hold_after, parts_.clock.wall());
  for (const auto& one : proposals)
    if (std::ranges::find(proposed_, one.destination, &HoldProposal::destination) == proposed_.end())
      parts_.log.write(telemetry::events::hold_proposed, {.destination = one.destination, .count = one.waiting, .reason = one.words});
  auto holding = hold_proposed(proposals);
  co_await std::move(holding);
  look_after_automatic_holds();
  if (proposals == proposed_ || !parts_.keep_proposals) co_return;
  auto work = parts_.workers.run(parts_.loop, [this, &proposals] { return parts_.keep_proposals(proposals); });
  const auto ran = co_await std::move(work);
  if (ran && *ran) proposed_ = std::move(proposals);
}

Duration Delivery::stood_still(const Message& message, std::uint32_t recipient, const std::string& destination, WallTime from) const {
  const auto now = parts_.clock.wall();
  return covered_by(pauses_of(message, recipient, destination, from, now), from, now);
}

std::vector<CausedPause> Delivery::pauses_of(const Message& message, std::uint32_t recipient, const std::string& destination,
                                             WallTime from, WallTime until) const {
  const auto ours = parts_.ledger.pauses_between(from, until);
  const auto before = message.history.find(recipient);
  const auto held = before == message.history.end() ? spool::TimeSpans{} : before->second.held;
  const auto directory = parts_.directory.newest();
  if (!directory || directory->contents().holds.empty()) return recipient_pauses(ours, {}, {}, held, from, until);
  std::string mailbox;
  if (destination.starts_with("local:")) {
    const auto plan = plan_recipient(*directory, settings_.routing, {message.envelope.reverse_path, message.recipient(recipient), 0, targets_looked_up_on_a_loop, &message.envelope});
    if (const auto* target = std::get_if<ToMailbox>(&plan)) mailbox = target->target.address.text();
  }
  const Facts facts(message, recipient, destination, std::move(mailbox));
  return recipient_pauses(ours, directory->contents().holds, facts.view(), held, from, until);
}

Duration Delivery::stood_still(const std::string& destination, WallTime from, const spool::TimeSpans& held) const {
  const auto now = parts_.clock.wall();
  Pauses pauses = parts_.ledger.pauses_between(from, now);
  pauses.insert(pauses.end(), held.begin(), held.end());
  if (const auto directory = parts_.directory.newest())
    for (const auto& hold : directory->contents().holds)
      if (directory::selects_all_of(hold, destination)) pauses.emplace_back(hold.start, std::min(hold.end, now));
  return covered(std::move(pauses), from, now);
}

}  // namespace hikyaku::delivery
