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
    if (waits) scheduler_.defer(one.again->destination, entry, one.again->next_due, give_up_time(one.again->destination, *one.again));
    scheduler_.due_now(one.again->destination, entry, now);
  }
  if (touched.empty()) return;
  look_for_fresh();  // bounces and redirected mail
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
