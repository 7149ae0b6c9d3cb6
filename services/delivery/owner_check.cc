// That every recipient has one owner, looked at while delivery runs. What is found wrong is a bug of ours: the log tells it, and
// with it the event's counter in the metrics.
#include "services/delivery/deferred_subjects.h"
#include "services/delivery/delivery.h"
#include "services/delivery/schedule/another_clock.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_checked = 5'000;  // jobs: a step of the loop stays short

}  // namespace

// The lanes against the claims.
void Delivery::check_owners() {
  if (scheduler_.waiting(Lane::Fresh) + scheduler_.waiting(Lane::Retry) > most_checked) return;
  const auto found = scheduler_.check_ownership();
  for (const auto& entry : found.twice) parts_.log.write(telemetry::events::owner_wrong, {.message = entry.message, .reason = "owned twice"});
  for (const auto& entry : found.unclaimed) parts_.log.write(telemetry::events::owner_wrong, {.message = entry.message, .reason = "waits unclaimed"});
}

// The spool against all of them, whatever waits in the lanes. Who has no owner gets a timer, so that its mail is not stuck.
Task<void> Delivery::check_spool_owners() {
  if (!delays_loaded_ || stopping_) co_return;  // the timers are being set
  auto work = parts_.workers.run(parts_.loop, [this] { return owners_.read(parts_.spool), true; });
  const auto ran = co_await std::move(work);
  if (!ran || stopping_) co_return;
  const auto now = parts_.clock.wall();
  const DeferredSubjects subjects(settings_.retry);
  for (auto& [destination, times] : owners_.orphans(scheduler_, [this](const DeferredEntry& entry) { return in_hand_.taken(entry); })) {
    parts_.log.write(telemetry::events::owner_wrong, {.message = times.id, .destination = destination, .reason = "waits in the spool and is owned by nobody"});
    bring_back(times, destination, now);
    const auto subject = subjects.find(times).value_or(DeferredSubjects::Subject{});
    scheduler_.defer(destination, {times.id, times.recipient}, times.next_due, give_up_time({subject.domain, destination, subject.kind}, times), times.priority);
  }
  wake_timers();
}

}  // namespace hikyaku::delivery
