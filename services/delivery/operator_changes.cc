// What an operator changed in the queue (queue_actions.h), taken over by a running delivery: timers, gates, new mail.
#include "services/delivery/delivery.h"

namespace hikyaku::delivery {

// What is under way right now is not in the index, and must not be tried twice at once: it goes on, and its outcome is
// ignored where the operator's came first.
void Delivery::queue_changed(const std::vector<Touched>& touched) {
  const auto now = parts_.clock.wall();
  auto& index = scheduler_.deferred();
  for (const auto& one : touched) {
    const DeferredEntry entry{one.id, one.recipient};
    const bool waits = index.contains(one.destination, entry);
    if (waits && (!one.again || one.again->destination != one.destination)) index.remove(one.destination, entry);
    if (!one.again) continue;
    if (waits) scheduler_.defer(one.again->destination, entry, one.again->next_due, give_up_time(one.again->destination, *one.again), index.priority_of(entry));
    scheduler_.due_now(one.again->destination, entry, now);
  }
  if (touched.empty()) return;
  look_for_fresh();  // bounces and redirected mail
  wake_timers();
}

// A hint of `receive`'s, not believed to be rare or ours: what waits elsewhere is not touched, what is held stays so.
void Delivery::flush(const std::string& domain, Subdomains subdomains) {
  const auto directory = parts_.directory.newest();
  if (!directory) return;
  const auto now = parts_.clock.wall();
  const auto flush_one = [&](const std::string& name) {
    const auto key = key_for("", "postmaster@" + name);
    scheduler_.flush(key.empty() ? "mx:" + name : key, now);
  };
  flush_one(domain);
  if (subdomains == Subdomains::Yes)
    for (const auto& one : directory->contents().domains)
      if (one.name.ends_with("." + domain)) flush_one(one.name);
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
