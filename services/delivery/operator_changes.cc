// What an operator changed in the queue (queue_actions.h), taken over by a running delivery: timers, gates, new mail.
#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_flushes = 100;  // wishes under way
// Before others have their turn on the loop:
constexpr std::size_t names_at_once = 5'000, plans_at_once = 200;

}  // namespace

// What is under way right now is not in the index, and must not be tried twice at once: it goes on, and its outcome is
// ignored where the operator's came first.
void Delivery::queue_changed(const std::vector<Touched>& touched) {
  const auto now = parts_.clock.wall();
  auto& index = scheduler_.deferred();
  for (const auto& one : touched) {
    const DeferredEntry entry{one.id, one.recipient};
    const bool waits = index.contains(one.destination, entry);
    const auto end = index.end_of(entry);
    const auto priority = index.priority_of(entry);
    if (waits && (!one.again || one.again->destination != one.destination)) index.remove(one.destination, entry);
    if (!one.again) continue;
    // Sent elsewhere, its period may be another; never after the one it has, and the message tells when it is over.
    if (waits) scheduler_.defer(one.again->destination, entry, one.again->next_due, end, priority);
    scheduler_.due_now(one.again->destination, entry, now);
  }
  if (touched.empty()) return;
  look_for_fresh();  // bounces and redirected mail
  wake_timers();
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
