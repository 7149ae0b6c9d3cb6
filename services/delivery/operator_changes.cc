// What an operator changed in the queue (queue_actions.h), taken over by a running delivery: timers, gates, new mail.
#include <algorithm>
#include <map>
#include <utility>

#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_flushes = 100;  // wishes under way
// Before others have their turn on the loop:
constexpr std::size_t names_at_once = 5'000, plans_at_once = 200;

}  // namespace

// What is under way right now is not in the index, and must not be tried twice at once: it goes on, and what it comes to is
// written as far as the operator's word leaves room (finish_again()). What a lane has leaves it before it begins (leave_changed()).
void Delivery::queue_changed(const std::vector<Touched>& touched) {
  const auto now = parts_.clock.wall();
  auto& index = scheduler_.deferred();
  leave_lanes(touched);
  bool left = false;
  for (const auto& one : touched) {
    const DeferredEntry entry{one.id, one.recipient};
    if (one.was == QueueState::Incoming) {
      if (!one.again) continue;
      if (scheduler_.claimed(entry)) in_hand_.pass_on(entry);
      if (directory::is_chosen_key(one.again->destination)) shut_soon(one.again->destination, now);
      scheduler_.defer(one.again->destination, entry, one.again->next_due, WallTime::max(), one.priority);
      if (one.again->next_due <= now) scheduler_.due_now(one.again->destination, entry, now);
      continue;
    }
    const bool waits = index.contains(one.destination, entry);
    const bool moves = !one.again || one.again->destination != one.destination;
    changed_.erase(entry);
    const auto end = index.end_of(entry);
    const auto priority = index.priority_of(entry);
    if (waits && moves) index.remove(one.destination, entry);
    if (!waits && moves && scheduler_.claimed(entry)) left = true, changed_.insert_or_assign(entry, one.again);
    if (!one.again) continue;
    if (directory::is_chosen_key(one.again->destination)) shut_soon(one.again->destination, now);
    // Sent elsewhere, its period may be another; never after the one it has, and the message tells when it is over.
    if (waits) scheduler_.defer(one.again->destination, entry, one.again->next_due, end, priority);
    if (one.again->next_due <= now) scheduler_.due_now(one.again->destination, entry, now);
  }
  if (touched.empty()) return;
  if (left) sweep_lanes();
  look_for_fresh();  // bounces and redirected mail
  wake_timers();
}

// Whom an operator gave an end, or another way, while a lane had it or an attempt was about it. False: nobody did.
bool Delivery::is_changed(const Message& message, std::uint32_t recipient) {
  const DeferredEntry entry{message.ref.id, recipient};
  const auto found = message.history.contains(recipient) ? changed_.find(entry) : changed_.end();
  if (found == changed_.end()) return false;
  const auto again = std::move(found->second);
  changed_.erase(found);
  if (!again) {
    scheduler_.disclaim(entry.message, entry.recipient);
    return true;
  }
  if (directory::is_chosen_key(again->destination)) shut_soon(again->destination, parts_.clock.wall());
  scheduler_.defer(again->destination, entry, again->next_due, give_up_time(message, again->destination, *again), message.envelope.priority);
  return true;
}

void Delivery::leave_changed(RemoteJob& job) {
  if (changed_.empty()) return;
  std::erase_if(job.recipients, [&](std::uint32_t recipient) { return is_changed(*job.message, recipient); });
}

// Where chosen mail is put under a hold: until the holds are looked at, which is within a second.
void Delivery::shut_soon(const std::string& key, WallTime now) {
  constexpr std::chrono::seconds soon{5};
  if (scheduler_.health(key) != Health::Held) scheduler_.hold(key, now, now + soon, "Held");
}

// Who waited for a first attempt, and was given an end or another way, leaves the lanes: at once where it comes back by them,
// else when that is worth a walk over what waits. Elsewhere whoever meets it lets go of it. Who waited for a retry leaves them too.
void Delivery::leave_lanes(const std::vector<Touched>& touched) {
  constexpr std::size_t worth_a_walk = 16;
  bool comes_back = false;
  for (const auto& one : touched) {
    if (one.was != QueueState::Incoming) continue;
    comes_back = comes_back || one.again;
    if (scheduler_.claimed({one.id, one.recipient})) ++leaving_lanes_;
  }
  const auto waiting = scheduler_.waiting(Lane::Fresh) + scheduler_.waiting(Lane::Retry);
  if (leaving_lanes_ == 0 || (!comes_back && leaving_lanes_ * worth_a_walk < waiting)) return;
  sweep_lanes();
}

void Delivery::sweep_lanes() {
  leaving_lanes_ = 0;
  std::vector<std::pair<DeferredEntry, MessagePointer>> changed;  // acted on when the walk is over
  scheduler_.leave_lanes([&](const RemoteJob& job, std::vector<std::uint32_t>& recipients) {
    if (job.from.empty() && !(job.message && !job.message->history.empty())) return in_hand_.leave(job.ref.id, recipients);
    if (changed_.empty()) return;
    std::erase_if(recipients, [&](std::uint32_t recipient) {
      const bool deferred = !job.message || job.message->history.contains(recipient);
      if (!deferred || !changed_.contains({job.ref.id, recipient})) return false;
      changed.emplace_back(DeferredEntry{job.ref.id, recipient}, job.message);
      return true;
    });
  });
  for (const auto& [entry, message] : changed) {
    if (message) {
      (void)is_changed(*message, entry.recipient);
    } else if (const auto found = changed_.extract(entry); !found.mapped()) {
      scheduler_.disclaim(entry.message, entry.recipient);
    } else {  // its priority and its end are known when it is read
      const auto& again = *found.mapped();
      if (directory::is_chosen_key(again.destination)) shut_soon(again.destination, parts_.clock.wall());
      scheduler_.defer(again.destination, entry, again.next_due, WallTime::max(), 0);
    }
  }
}

// Who was let go of while a command had it, which then could not be carried out.
Task<void> Delivery::take_orphans() {
  if (leaving_lanes_ > 0) sweep_lanes();
  for (auto& [ref, recipient] : in_hand_.take_orphans()) {
    scheduler_.claim(ref.id, recipient);
    Message message{ref, {}, {}};
    auto work = parts_.workers.run(parts_.loop, [&]() -> std::optional<spool::SpoolError> {
      if (!parts_.spool.waits(ref, recipient)) return spool::SpoolError{spool::SpoolFailure::NotFound, "it has had its end"};
      return recall(message);
    });
    auto ran = co_await std::move(work);
    if (ran && *ran && ((*ran)->kind == spool::SpoolFailure::Gone || (*ran)->kind == spool::SpoolFailure::NotFound)) {
      scheduler_.disclaim(ref.id, recipient);
      continue;
    }
    if (!ran || *ran) {
      in_hand_.add_orphan(ref, recipient);
      continue;
    }
    dispatch(hold(std::move(message), Lane::Fresh), std::span(&recipient, 1), Lane::Fresh);
  }
}

// A hint of `receive`'s, not believed to be rare or ours: what waits elsewhere is not touched, what is held stays so.
void Delivery::flush(const std::string& domain, Subdomains subdomains) {
  if (flushing_ >= most_flushes || stopping_) return;
  ++flushing_;
  parts_.loop.spawn(flush_all(domain, subdomains));
}

// In many steps: there may be tens of thousands of domains.
Task<void> Delivery::flush_all(std::string domain, Subdomains subdomains) {
  const auto directory = parts_.directory.newest();
  if (directory) {
    auto flushing = flush_one(directory, domain);
    co_await std::move(flushing);
  }
  if (directory && subdomains == Subdomains::Yes) {
    const std::string below = "." + domain;
    std::size_t seen = 0, planned = 0;
    for (const auto& one : directory->contents().domains) {
      if (++seen % names_at_once == 0) co_await parts_.loop.yield();
      if (stopping_ || parts_.loop.stopping()) break;
      if (!one.name.ends_with(below)) continue;
      if (++planned % plans_at_once == 0) co_await parts_.loop.yield();
      auto flushing = flush_one(directory, one.name);
      co_await std::move(flushing);
    }
  }
  --flushing_;
}

// For whom its mail goes by MX, the backlog stands under the names of its hosts, which are forgotten after some minutes.
Task<void> Delivery::flush_one(std::shared_ptr<const directory::Snapshot> directory, std::string domain) {
  const ReversePath nobody;
  const Recipient recipient{{"postmaster", domain}, "", {}};
  const auto plan = plan_recipient(*directory, settings_.routing, {nobody, recipient});
  const auto* hop = std::get_if<ToNextHop>(&plan);
  if (hop == nullptr) co_return;
  NextHop next = hop->hop;
  auto finding = destination_now_of(std::move(next));
  const auto key = co_await std::move(finding);
  const auto now = parts_.clock.wall();
  // Where DNS never said, it stands under the domain's own name.
  if (!key.empty()) scheduler_.flush(key, now);
  if (const auto own = "mx:" + domain; hop->hop.via == Via::Mx && key != own) scheduler_.flush(own, now);
  wake_timers();
}

void Delivery::add_states(QueueList& list) {
  const auto now = parts_.clock.wall();
  std::map<std::string_view, std::optional<WallTime>> probes;  // few destinations, on most pages
  for (const auto& item : list.items)
    if (item.state == QueueState::Deferred && !probes.contains(item.destination))
      if (const auto view = scheduler_.view(item.destination, now)) probes[item.destination] = view->next_probe;
  for (auto& item : list.items)
    if (const auto known = probes.find(item.destination); known != probes.end() && known->second) item.next_due = std::max(*known->second, item.release_at.value_or(WallTime{}));
}

void Delivery::add_states(QueueSummary& summary) {
  const auto now = parts_.clock.wall();
  for (auto& one : summary.destinations) {
    if (const auto view = scheduler_.view(one.destination, now)) {
      one.health = static_cast<std::uint8_t>(view->health);
      one.probed_again = view->next_probe;
    }
    if (const auto end = scheduler_.deferred().first_end(one.destination); end && *end != WallTime::max()) one.gives_up = end;
  }
}

}  // namespace hikyaku::delivery
