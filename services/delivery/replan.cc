// A changed route table moves what is queued: jobs in memory are planned again at once, deferred recipients are read back
// in batches and go to where the new table sends them. So does who waits for a mailbox that has more room now. Whoever stays
// keeps its times: a change is no attempt.
#include "services/delivery/delivery.h"

#include <algorithm>
#include <map>

#include "services/delivery/route_change.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t read_at_once = 500;
constexpr Duration window_pause = 50ms;
constexpr int rests_as_long = 10;  // as a walk over mailboxes' mail took, before the next

// The hop is by MX: the same hosts, whose names are the destination, spoken to alike.
bool is_by_mx(std::string_view destination, const NextHop& hop) {
  const auto terms = destination.find(';');
  return destination.starts_with("mx:") && hop.key_of_terms() == (terms == std::string_view::npos ? std::string_view{} : destination.substr(terms));
}

}  // namespace

// After a start the mail that waits for room tells once whose mailboxes are watched for it.
void Delivery::follow_routes() {
  auto directory = parts_.directory.newest();
  if (!directory || replanning_ || stopping_) return;
  Change change{std::exchange(routed_by_, directory), {}};
  if (!change.before) return;
  const bool edited = change.before->version() != directory->version();
  const bool looks = parts_.quotas != nullptr && delays_loaded_ && !std::exchange(full_ones_known_, delays_loaded_);
  if (parts_.quotas != nullptr && parts_.loop.now() >= room_walk_after_) change.with_room = parts_.quotas->take_with_room();
  if (!edited && !looks && change.with_room.empty()) return;
  std::set<std::string> only;
  if (!edited || !routing_differs(change.before->contents(), directory->contents())) {
    only = mailboxes_to_try(change, *directory, looks);
    if (only.empty()) return;
  }
  replanning_ = true;
  const auto precedence = only.empty() ? io::Precedence::Ordinary : io::Precedence::Background;
  parts_.loop.spawn(replan(std::make_shared<const Change>(std::move(change)), std::move(only)), precedence);
}

std::set<std::string> Delivery::mailboxes_to_try(const Change& change, const directory::Snapshot& directory, bool all) const {
  std::set<std::string> waits;
  for (auto& name : scheduler_.deferred().destinations())
    if (name.starts_with("local:")) waits.insert(std::move(name));
  if (all || waits.empty()) return waits;
  auto only = where_there_is_more_room(*change.before, directory);
  for (const auto id : change.with_room)
    if (const auto* account = directory.account(id)) only.insert(destination_of(ToMailbox{{id, account->address, {}}, {}}));
  return only;
}

// `only`: these destinations, of mailboxes; none: all. However many full mailboxes some owner makes room in, walks over what waits for them take a small part of the
// time: each is followed by a rest of ten times as long.
Task<void> Delivery::replan(ChangePointer change, std::set<std::string> only) {
  const auto began = parts_.loop.now();
  const bool of_mailboxes = !only.empty();
  std::set<std::string> destinations = std::move(only);
  if (destinations.empty()) {
    for (auto& name : scheduler_.destinations()) destinations.insert(std::move(name));
    for (auto& name : scheduler_.deferred().destinations()) destinations.insert(std::move(name));
    for (const auto& destination : destinations)
      for (auto& [lane, job] : scheduler_.unqueue(destination)) {
        auto again = plan_again(std::move(job), Slot{lane, destination});
        co_await std::move(again);
      }
  }
  for (const auto& destination : destinations) {
    if (stopping_ || parts_.loop.stopping()) break;
    if (is_set_apart(destination)) continue;  // planned when it is let go
    auto moving = replan_deferred(destination, change);
    co_await std::move(moving);
  }
  if (of_mailboxes) room_walk_after_ = parts_.loop.now() + rests_as_long * (parts_.loop.now() - began);
  replanning_ = false;
}

Task<bool> Delivery::read_again(RemoteJob& job, const Slot& slot) {
  Message message{job.ref, {}, {}};
  auto work = parts_.workers.run(parts_.loop, [&] { return recall(message); });
  in_hand_.leave(job.ref.id, job.recipients);  // before its history says that it is deferred
  auto ran = co_await std::move(work);
  in_hand_.leave(job.ref.id, job.recipients);
  if (job.recipients.empty()) co_return false;
  if (!ran || *ran) {
    const spool::SpoolError trouble = ran ? std::move(**ran) : spool::SpoolError{spool::SpoolFailure::Broken, "all workers are busy"};
    parts_.loop.spawn(queue_again_later(std::move(job), slot, trouble));
    co_return false;
  }
  job.message = hold(std::move(message), slot.lane);
  co_return true;
}

// A job that was not tried yet; a parked one is read back first.
Task<void> Delivery::plan_again(RemoteJob job, Slot slot) {
  if (!job.message) {
    auto reading = read_again(job, slot);
    const bool there = co_await std::move(reading);
    if (!there) co_return;
  }
  auto dispatching = dispatch_all(job.message, std::move(job.recipients), slot.lane);
  co_await std::move(dispatching);
  pump();
}

Task<void> Delivery::replan_deferred(std::string destination, ChangePointer change) {
  DeferredIndex::ReleaseCursor cursor;
  while (!stopping_) {
    const std::size_t limit = std::min(room(Lane::Retry), read_at_once);
    if (limit == 0) {
      const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(window_pause));
      if (outcome == io::Wake::Cancelled) co_return;
      continue;
    }
    auto batch = scheduler_.deferred().take_oldest(destination, cursor, limit);
    if (batch.empty()) break;
    for (const auto& one : batch) scheduler_.claim(one.entry.message, one.entry.recipient);
    auto moving = move_changed(std::move(batch), change);
    co_await std::move(moving);
  }
  // Nobody is left who would open the gate as a probe.
  if (scheduler_.deferred().waiting_for(destination) == 0) scheduler_.probe_is_gone(destination);
}

// Sends on whoever the table now sends elsewhere, and puts the others back untried: whom an operator sent another way, who
// goes where it waits, and whose plan is what it was, which may well be due to lead elsewhere than where it waits (a fallback).
Task<void> Delivery::move_changed(std::vector<DeferredIndex::Due> batch, ChangePointer change) {
  const auto directory = parts_.directory.newest();
  const RoutingSettings routing = settings_.routing;
  struct Read {
    Message message;
    bool known = false;
    std::vector<std::uint32_t> moved;
  };
  std::map<TraceId, Read> read;
  std::vector<const DeferredIndex::Due*> back;
  const auto stays = [&](const DeferredIndex::Due& one, Read& of) {
    const auto known = of.message.history.find(one.entry.recipient);
    if (!of.known || known == of.message.history.end() || !known->second.via.empty()) return true;
    const RoutingQuestion question{of.message.envelope.reverse_path, of.message.recipient(one.entry.recipient), known->second.attempts,
                                   targets_looked_up_on_a_loop, &of.message.envelope};
    const auto plan = plan_recipient(*directory, routing, question);
    const auto* hop = std::get_if<ToNextHop>(&plan);
    if (hop != nullptr && (hop->hop.via == Via::Mx ? is_by_mx(one.destination, hop->hop) : hop->hop.key() == one.destination)) return true;
    const auto* mailbox = std::get_if<ToMailbox>(&plan);
    const bool was_full = mailbox != nullptr && known->second.last_reply == full_mailbox_words;
    const bool has_room = was_full && change->with_room.contains(mailbox->target.account);
    if (!has_room && !is_moved_by(*change->before, plan_recipient(*change->before, routing, question), *directory, plan)) {
      if (was_full && parts_.quotas != nullptr) parts_.quotas->refused(mailbox->target.account, octets_in_mailbox(of.message.envelope));
      return true;
    }
    of.moved.push_back(one.entry.recipient);
    return false;
  };
  auto work = parts_.workers.run(parts_.loop, [&] {
    for (const auto& one : batch) {
      const auto [place, is_new] = read.try_emplace(one.entry.message);
      auto& of = place->second;
      if (is_new) {
        of.message.ref = {one.entry.message, 0, {}};
        of.known = !recall(of.message);
      }
      if (stays(one, of)) back.push_back(&one);
    }
  });
  const auto ran = co_await std::move(work);
  if (!ran) {
    back.clear();
    for (const auto& one : batch) back.push_back(&one);
    for (auto& [id, of] : read) of.moved.clear();
  }
  for (const auto* one : back) scheduler_.defer(one->destination, one->entry, one->due, one->give_up_at, one->priority);
  for (auto& [id, of] : read) {
    if (of.moved.empty()) continue;
    auto dispatching = dispatch_all(hold(std::move(of.message), Lane::Retry), std::move(of.moved), Lane::Retry);
    co_await std::move(dispatching);
  }
  wake_timers();
  pump();
}

}  // namespace hikyaku::delivery
