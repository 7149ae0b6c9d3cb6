// What waits for its time: timers, the messages read back when their turn comes, and periods that end.
#include <algorithm>
#include <map>

#include "services/delivery/chosen_hold.h"
#include "services/delivery/deferred_subjects.h"
#include "services/delivery/delivery.h"
#include "services/delivery/schedule/another_clock.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration look_again = 1s;
constexpr std::size_t timers_at_once = 2'000;
constexpr std::size_t timers_of_a_step = 200;  // a millisecond

// At most an hour: what is gated for good must not overflow.
Duration until_wall(WallTime when, WallTime now) { return when > now ? Duration(std::min(when, now + std::chrono::hours{1}) - now) : Duration{}; }

}  // namespace

WallTime Delivery::give_up_time(const Message& message, const std::string& destination, const spool::Schedule& schedule) const {
  if (schedule.attempts == 0) return WallTime::max();
  const RuledBy by{message.recipient(schedule.recipient).address.domain, destination, kind_of(message.envelope)};
  return period_end(settings_.retry, by, schedule, stood_still(message, schedule.recipient, destination, schedule.first_failed));
}

WallTime Delivery::give_up_time(const RuledBy& by, const spool::DeferredTimes& times) const {
  spool::Schedule schedule;
  schedule.attempts = times.attempts;
  schedule.failure_class = times.failure_class;
  schedule.first_failed = times.first_failed;
  schedule.paused = times.paused;
  schedule.next_due = times.next_due;
  return times.attempts == 0 ? WallTime::max() : period_end(settings_.retry, by, schedule, stood_still(std::string(by.key), times.first_failed, times.held));
}

// Sets the timers of what was deferred in earlier lives, or anew when the rules change. Fresh mail does not wait for it, and
// what is under way keeps its owner.
Task<void> Delivery::load_deferred() {
  struct Timer {
    std::string destination;
    spool::DeferredTimes times;
    DeferredSubjects::Subject subject = {};
  };
  DeferredSubjects subjects(settings_.retry);
  for (std::optional<spool::DeferredCursor> from = 0; from && !parts_.loop.stopping();) {
    std::vector<Timer> timers;
    auto work = parts_.workers.run(parts_.loop, [&] {
      auto read = parts_.spool.deferred_times({}, *from, timers_at_once, [&](const std::string& destination, const spool::DeferredTimes& times) {
        timers.push_back({destination, times});
      });
      for (auto& one : timers) {
        if (auto subject = subjects.find(one.times)) one.subject = *std::move(subject);
        else if (const auto envelope = parts_.spool.envelope({one.times.id, 0, {}})) one.subject = subjects.learn(one.times, *envelope);
      }
      return read;
    });
    const auto next = co_await std::move(work);
    if (!next || !*next) {  // without this nothing deferred would ever be tried
      if (next) parts_.log.write(telemetry::events::storage_trouble, {.reason = next->error().what});
      const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(look_again));
      if (outcome == io::Wake::Cancelled) co_return;
      continue;
    }
    const auto now = parts_.clock.wall();
    for (std::size_t set = 0; auto& [destination, times, subject] : timers) {
      if (++set % timers_of_a_step == 0) co_await parts_.loop.yield();
      bring_back(times, destination, now);
      const bool told = (times.failure_class & spool::delay_told_bit) != 0;
      if (!delays_loaded_ && times.deadline > times.accepted_at.value_or(WallTime{}) && (times.failure_class & spool::deadline_told_bit) == 0)
        deadlines_.add(times.id, times.deadline);  // as watch_deadline() has it
      if (!delays_loaded_ && times.attempts > 0 && !told) delays_.add(times.id, times.first_failed);
      if (!scheduler_.claimed({times.id, times.recipient}))
        scheduler_.defer(destination, {times.id, times.recipient}, times.next_due, give_up_time({subject.domain, destination, subject.kind}, times), times.priority);
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

// Of chosen mail.
void Delivery::leave_ended_hold(spool::Schedule& schedule, WallTime now) const {
  if (!directory::is_chosen_key(schedule.destination)) return;
  const auto directory = parts_.directory.newest();
  if (!directory || chosen_hold(schedule, directory->contents().holds, now) != nullptr) return;
  leave_chosen_hold(schedule, directory->contents().holds, now);
}

std::optional<spool::SpoolError> Delivery::recall(Message& message) const {
  const auto now = parts_.clock.wall();
  for (auto& deferred : parts_.spool.deferred(message.ref.id)) {
    message.stamps.insert({deferred.schedule.recipient, spool::stamp_of(deferred.schedule)});
    bring_back(deferred.schedule, now);
    leave_ended_hold(deferred.schedule, now);
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
  const bool was_deferred = !job.from.empty();
  const auto turned_away = job.turned_away;
  if (!was_deferred) in_hand_.leave(job.ref.id, job.recipients);  // before its history says that it is deferred
  for (const auto recipient : job.recipients) changed_.erase({job.ref.id, recipient});  // the spool says so; what comes from now on it may not have said
  auto work = parts_.workers.run(parts_.loop, [&] { return recall(message); });
  auto ran = co_await std::move(work);
  std::optional<spool::SpoolError> trouble;
  if (!ran) trouble = spool::SpoolError{spool::SpoolFailure::Broken, "all workers are busy"};
  else trouble = std::move(*ran);
  if (!was_deferred) in_hand_.leave(job.ref.id, job.recipients);
  // Settled meanwhile (by the operator): nothing to try.
  const bool gone = trouble && (trouble->kind == spool::SpoolFailure::Gone || trouble->kind == spool::SpoolFailure::NotFound);
  std::erase_if(job.recipients, [&](std::uint32_t recipient) {
    const bool over = gone || (was_deferred && !(trouble && message.history.empty()) && !message.history.contains(recipient));
    if (over) scheduler_.disclaim(job.ref.id, recipient);
    return over;
  });
  if (trouble) {
    if (was_deferred)
      for (const auto& one : job.from) {
        if (std::ranges::find(job.recipients, one.entry.recipient) != job.recipients.end()) look_again_later(slot.destination, one.entry, *trouble, one.give_up_at);
      }
    else if (!job.recipients.empty())
      parts_.loop.spawn(queue_again_later(std::move(job), slot, *trouble));
    scheduler_.probe_is_gone(slot.destination);
    co_return false;
  }
  // Planned again: routes may have changed, and a mailbox may be here now.
  auto recipients = std::move(job.recipients);
  job.recipients.clear();
  job.message = hold(std::move(message), slot.lane);
  auto from = std::exchange(job.from, {});
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
  std::erase_if(from, [&](const DeferredIndex::Due& one) { return std::ranges::find(job.recipients, one.entry.recipient) == job.recipients.end(); });
  job.read_from = std::move(from);
  job.turned_away = turned_away;
  co_return !job.recipients.empty();
}

// The spool still has it, so it keeps a timer; what is damaged may be mended by an operator, what failed may work soon.
void Delivery::look_again_later(const std::string& destination, DeferredEntry entry, const spool::SpoolError& trouble, WallTime give_up_at) {
  parts_.log.write(telemetry::events::storage_trouble, {.message = entry.message, .reason = trouble.what});
  const auto wait = trouble.kind == spool::SpoolFailure::Damaged ? std::chrono::minutes{60} : std::chrono::minutes{1};
  const auto due = parts_.clock.wall() + wait;
  scheduler_.defer(destination, entry, due, std::max(due, give_up_at), 0);
}

Task<void> Delivery::give_up_expired(std::string destination, Attempt failed) {
  const auto expired = scheduler_.take_expired(destination, parts_.clock.wall());
  for (const auto& one : expired) {
    if (stopping_) co_return;  // the spool keeps them
    const auto& entry = one.entry;
    Message message{{entry.message, 0, {}}, {}, {}};
    auto work = parts_.workers.run(parts_.loop, [&] { return recall(message); });
    auto ran = co_await std::move(work);
    std::optional<spool::SpoolError> trouble;
    if (!ran) trouble = spool::SpoolError{spool::SpoolFailure::Broken, "all workers are busy"};
    else trouble = std::move(*ran);
    const auto schedule = message.history.find(entry.recipient);
    if (trouble) look_again_later(destination, entry, *trouble, one.give_up_at);
    else if (schedule == message.history.end()) scheduler_.disclaim(entry.message, entry.recipient);
    if (trouble || schedule == message.history.end()) continue;
    const auto end = end_by(failed, message, destination, schedule->second);
    if (end > parts_.clock.wall()) {  // it was not tried: nothing is written
      scheduler_.defer(destination, entry, one.due, end, one.priority);
      continue;
    }
    auto finishing = finish(hold(std::move(message), Lane::Retry), same_for_all({entry.recipient}, failed), destination);
    co_await std::move(finishing);
  }
  wake_timers();
}

// When the recipient is given up if its last attempt failed so.
WallTime Delivery::end_by(const Attempt& failed, const Message& message, const std::string& destination, const spool::Schedule& schedule) const {
  const RuledBy by{message.recipient(schedule.recipient).address.domain, destination, kind_of(message.envelope)};
  return period_end_after(failed.failure, settings_.retry, by, schedule, stood_still(message, schedule.recipient, destination, schedule.first_failed));
}

}  // namespace hikyaku::delivery
