// What waits for its time: timers, the messages read back when their turn comes, and periods that end.
#include <algorithm>
#include <map>

#include "services/delivery/delivery.h"
#include "services/delivery/schedule/another_clock.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration look_again = 1s;
constexpr std::size_t timers_at_once = 2'000;

// At most an hour: what is gated for good must not overflow.
Duration until_wall(WallTime when, WallTime now) { return when > now ? Duration(std::min(when, now + std::chrono::hours{1}) - now) : Duration{}; }

}  // namespace

WallTime Delivery::give_up_time(const std::string& destination, const spool::Schedule& schedule) const {
  if (schedule.attempts == 0) return WallTime::max();  // its period has not begun
  const auto period = period_of(settings_.retry.rules_for("", destination), failure_class_of(schedule.failure_class), MailKind::Ordinary);
  if (!period) return WallTime::max();
  const auto paused = stood_still(destination, schedule.first_failed) + schedule.paused;
  return schedule.first_failed + std::chrono::duration_cast<std::chrono::microseconds>(*period + paused);
}

WallTime Delivery::give_up_time(const std::string& destination, const spool::DeferredTimes& times) const {
  spool::Schedule schedule;
  schedule.attempts = times.attempts;
  schedule.failure_class = times.failure_class;
  schedule.first_failed = times.first_failed;
  schedule.paused = times.paused;
  return give_up_time(destination, schedule);
}

// Sets the timers of what was deferred in earlier lives, or anew when the rules change. Fresh mail does not wait for it, and
// what is under way keeps its owner.
Task<void> Delivery::load_deferred() {
  struct Timer {
    std::string destination;
    spool::DeferredTimes times;
  };
  for (std::optional<spool::DeferredCursor> from = 0; from && !parts_.loop.stopping();) {
    std::vector<Timer> timers;
    auto work = parts_.workers.run(parts_.loop, [&] {
      return parts_.spool.deferred_times({}, *from, timers_at_once, [&](const std::string& destination, const spool::DeferredTimes& times) {
        timers.push_back({destination, times});
      });
    });
    const auto next = co_await std::move(work);
    if (!next || !*next) {  // without this nothing deferred would ever be tried
      if (next) parts_.log.write(telemetry::events::storage_trouble, {.reason = next->error().what});
      const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(look_again));
      if (outcome == io::Wake::Cancelled) co_return;
      continue;
    }
    const auto now = parts_.clock.wall();
    for (auto& [destination, times] : timers) {
      bring_back(times, destination, now);
      const bool told = (times.failure_class & spool::delay_told_bit) != 0;
      if (!delays_loaded_ && times.deadline > times.accepted_at.value_or(WallTime{}) && (times.failure_class & spool::deadline_told_bit) == 0)
        deadlines_.add(times.id, times.deadline);  // as watch_deadline() has it
      if (!delays_loaded_ && times.attempts > 0 && !told) delays_.add(times.id, times.first_failed);
      if (!scheduler_.claimed({times.id, times.recipient}))
        scheduler_.defer(destination, {times.id, times.recipient}, times.next_due, give_up_time(destination, times), times.priority);
    }
    from = **next;
    wake_timers();
  }
  delays_loaded_ = true;
  parts_.log.write(telemetry::events::schedule_restored, {.count = scheduler_.deferred().size()});
}

void Delivery::wake_timers() {
  if (timer_ != nullptr) timer_->wake(io::Wake::Ready);
}

Task<void> Delivery::watch_timers() {
  while (!stopping_ && !parts_.loop.stopping()) {
    const auto now = parts_.clock.wall();
    const bool more = scheduler_.feed(now);
    if (scheduler_.has_released() && !letting_go_) parts_.loop.spawn(let_go());
    pump();
    if (more) {
      co_await parts_.loop.yield();
      continue;
    }
    const auto next = scheduler_.next_time();
    const Duration wait = next ? std::min<Duration>(until_wall(*next, now), look_again) : look_again;
    io::Wait sleep(parts_.loop, nullptr, parts_.loop.after(std::max<Duration>(wait, 1ms)), io::Wake::Ready);
    timer_ = &sleep;
    const auto outcome = co_await sleep;
    timer_ = nullptr;
    if (outcome == io::Wake::Cancelled) break;
  }
}

std::optional<spool::SpoolError> Delivery::recall(Message& message) const {
  const auto now = parts_.clock.wall();
  for (auto& deferred : parts_.spool.deferred(message.ref.id)) {
    bring_back(deferred.schedule, now);
    message.history.insert({deferred.schedule.recipient, std::move(deferred.schedule)});
  }
  auto envelope = parts_.spool.envelope(message.ref);
  if (!envelope) return envelope.error();
  message.envelope = std::move(*envelope);
  if (message.envelope.release)  // later than its sender said it never is
    for (auto& [recipient, schedule] : message.history)
      if (schedule.destination == release_key) schedule.next_due = std::min(schedule.next_due, message.envelope.release->at);
  std::erase_if(message.history, [&](const auto& one) { return one.first >= message.envelope.recipients.size(); });
  return std::nullopt;
}

// A parked message that could not be read: it stays parked.
Task<void> Delivery::queue_again_later(RemoteJob job, Slot slot, spool::SpoolError trouble) {
  parts_.log.write(telemetry::events::storage_trouble, {.message = job.ref.id, .reason = trouble.what});
  const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(trouble.kind == spool::SpoolFailure::Damaged ? 60min : 1min));
  if (outcome != io::Wake::Cancelled) scheduler_.add_rest(slot, std::move(job));
  pump();
}

Task<bool> Delivery::read_back(RemoteJob& job, const Slot& slot, CauseWatch& watch) {
  Message message{job.ref, {}, {}};
  auto work = parts_.workers.run(parts_.loop, [&] { return recall(message); });
  auto ran = co_await std::move(work);
  std::optional<spool::SpoolError> trouble;
  if (!ran) trouble = spool::SpoolError{spool::SpoolFailure::Broken, "all workers are busy"};
  else trouble = std::move(*ran);
  const bool was_deferred = !job.from.empty();
  // Settled meanwhile (by the operator): nothing to try.
  const bool gone = trouble && (trouble->kind == spool::SpoolFailure::Gone || trouble->kind == spool::SpoolFailure::NotFound);
  std::erase_if(job.recipients, [&](std::uint32_t recipient) {
    const bool over = gone || (was_deferred && !(trouble && message.history.empty()) && !message.history.contains(recipient));
    if (over) scheduler_.disclaim(job.ref.id, recipient);
    return over;
  });
  if (trouble) {
    if (was_deferred)
      for (const auto recipient : job.recipients) look_again_later(slot.destination, {job.ref.id, recipient}, *trouble);
    else if (!job.recipients.empty())
      parts_.loop.spawn(queue_again_later(std::move(job), slot, *trouble));
    scheduler_.probe_is_gone(slot.destination);
    co_return false;
  }
  // Planned again: routes may have changed, and a mailbox may be here now.
  auto recipients = std::move(job.recipients);
  job.recipients.clear();
  job.message = hold(std::move(message), slot.lane);
  job.from.clear();
  if (!recipients.empty()) scheduler_.names_domain(slot.destination, job.message->recipient(recipients.front()).address.domain);
  if (slot.destination.starts_with("mx:")) {
    watch.turn(Cause::Dns);
    auto finding = find_sites(job.message, recipients, slot.destination);
    co_await std::move(finding);
    watch.turn(Cause::Disk);
  }
  wanted_ = {&job, &slot.destination};
  dispatch(job.message, recipients, slot.lane);
  wanted_ = {};
  if (job.recipients.empty()) scheduler_.probe_is_gone(slot.destination);
  co_return !job.recipients.empty();
}

// The spool still has it, so it keeps a timer; what is damaged may be mended by an operator, what failed may work soon.
void Delivery::look_again_later(const std::string& destination, DeferredEntry entry, const spool::SpoolError& trouble) {
  parts_.log.write(telemetry::events::storage_trouble, {.message = entry.message, .reason = trouble.what});
  const auto wait = trouble.kind == spool::SpoolFailure::Damaged ? std::chrono::minutes{60} : std::chrono::minutes{1};
  scheduler_.defer(destination, entry, parts_.clock.wall() + wait, WallTime::max(), 0);
}

Task<void> Delivery::give_up_expired(std::string destination, Attempt failed) {
  const auto expired = scheduler_.deferred().take_expired(destination, parts_.clock.wall());
  for (const auto& entry : expired) scheduler_.claim(entry.message, entry.recipient);
  for (const auto& entry : expired) {
    if (stopping_) co_return;  // the spool keeps them
    Message message{{entry.message, 0, {}}, {}, {}};
    auto work = parts_.workers.run(parts_.loop, [&] { return recall(message); });
    auto ran = co_await std::move(work);
    std::optional<spool::SpoolError> trouble;
    if (!ran) trouble = spool::SpoolError{spool::SpoolFailure::Broken, "all workers are busy"};
    else trouble = std::move(*ran);
    if (trouble) look_again_later(destination, entry, *trouble);
    if (!trouble && !message.history.contains(entry.recipient)) scheduler_.disclaim(entry.message, entry.recipient);
    if (trouble || !message.history.contains(entry.recipient)) continue;
    auto finishing = finish(hold(std::move(message), Lane::Retry), same_for_all({entry.recipient}, failed), destination);
    co_await std::move(finishing);
  }
}

}  // namespace hikyaku::delivery
