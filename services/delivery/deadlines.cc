// What senders asked of their mail's time: not before when (RFC 4865), and by when (RFC 2852). Both are times on the wall:
// whatever stood still meanwhile, they come.
#include <algorithm>
#include <map>

#include "protocol/mime/date.h"
#include "services/delivery/delivery.h"
#include "services/delivery/notification.h"
#include "services/delivery/report/delay_notice.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration round = 1s;
constexpr Duration window_pause = 50ms;
constexpr std::size_t told_at_once = 50, released_at_once = 50;
constexpr auto look_again_under_attempt = std::chrono::seconds{5};
constexpr std::uint64_t header_octets = 16 << 10;

std::string words_of(const FutureRelease& release) { return "Held until " + mime::print_date(release.at, 0) + ", as its sender asked."; }

bool must_return(const Envelope& envelope, WallTime now) {
  return envelope.deliver_by && envelope.deliver_by->mode == ByMode::Return && envelope.deliver_by->deadline <= now;
}

}  // namespace

// ---- not before when ------------------------------------------------------------------------------------------------

// An operator may let it go before its time: then its schedule says so.
bool Delivery::waits_for_release(const Message& message, std::uint32_t recipient) const {
  if (!message.envelope.release) return false;
  const auto now = parts_.clock.wall();
  if (message.envelope.release->at <= now) return false;
  const auto before = message.history.find(recipient);
  return before == message.history.end() || (before->second.destination == release_key && before->second.next_due > now);
}

// Into holding, owned by its timer. No attempt is made and no period begins.
Task<void> Delivery::keep_until_release(MessagePointer message, std::vector<std::uint32_t> recipients) {
  const InHand::Busy busy(in_hand_, *message, recipients);
  if (recipients.empty()) co_return;
  ++finishing_;
  const auto& release = *message->envelope.release;
  std::vector<spool::Schedule> schedules;
  for (const auto recipient : recipients) {
    if (const auto before = message->history.find(recipient); before != message->history.end()) {  // it is in holding already
      scheduler_.defer(std::string(release_key), {message->ref.id, recipient}, before->second.next_due, WallTime::max(), message->envelope.priority);
      continue;
    }
    spool::Schedule schedule;
    schedule.recipient = recipient;
    schedule.destination = release_key;
    schedule.failure_class = static_cast<std::uint8_t>(FailureClass::Transient);
    schedule.next_due = release.at;
    schedule.last_reply = words_of(release);
    schedules.push_back(std::move(schedule));
  }
  if (!schedules.empty()) {
    auto deferring = settler_.defer({message->ref, schedules, {}});
    const auto ending = co_await std::move(deferring);
    if (ending == Settler::Ending::Written) deferred_untried(*message, schedules, std::string(release_key));
    else if (ending == Settler::Ending::Over)
      for (const auto& schedule : schedules) scheduler_.disclaim(message->ref.id, schedule.recipient);
    else if (ending == Settler::Ending::Impossible)
      give_back_damaged(message, schedules, std::string(release_key), "it cannot be kept until its release");
    else if (ending != Settler::Ending::Stopped)
      parts_.loop.spawn(dispatch_later(message, spool::recipients_of(schedules), Lane::Fresh));
  }
  wake_timers();
  --finishing_;
}

// Who was never tried as fresh mail. In parts, one after the other, as there is room for them.
Task<void> Delivery::let_go() {
  if (std::exchange(letting_go_, true)) co_return;
  for (auto released = scheduler_.take_released(); !released.empty(); released = scheduler_.take_released()) {
    wake_timers();  // those behind them can come
    std::map<TraceId, std::vector<std::uint32_t>> messages;
    for (const auto& entry : released) messages[entry.message].push_back(entry.recipient);
    while (!messages.empty()) {
      while (room(Lane::Fresh) == 0 && !stopping_) {
        const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(window_pause));
        if (outcome == io::Wake::Cancelled) co_return;
      }
      if (stopping_) co_return;  // the spool keeps them
      std::map<TraceId, std::vector<std::uint32_t>> some;
      for (const auto most = std::min(room(Lane::Fresh), released_at_once); some.size() < most && !messages.empty();)
        some.insert(messages.extract(messages.begin()));
      auto again = some;
      auto going = let_some_go(std::move(some));
      if (co_await std::move(going)) continue;
      messages.merge(again);  // the workers are busy
      const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(round));
      if (outcome == io::Wake::Cancelled) co_return;
    }
  }
  letting_go_ = false;
}

// False: no worker had time.
Task<bool> Delivery::let_some_go(std::map<TraceId, std::vector<std::uint32_t>> some) {
  struct Read {
    Message message;
    std::optional<spool::SpoolError> trouble;
  };
  std::vector<Read> read;
  for (const auto& [id, recipients] : some) {
    read.push_back({{{id, 0, {}}, {}, {}}, {}});
    for (const auto recipient : recipients) changed_.erase({id, recipient});  // as in read_back()
  }
  auto work = parts_.workers.run(parts_.loop, [&] {
    for (auto& one : read) one.trouble = recall(one.message);
    return true;
  });
  const auto ran = co_await std::move(work);
  if (!ran) co_return false;
  for (auto& [message, trouble] : read) {
    const auto id = message.ref.id;
    auto& recipients = some.at(id);
    std::erase_if(recipients, [&](std::uint32_t recipient) {
      const bool over = trouble ? trouble->kind == spool::SpoolFailure::NotFound || trouble->kind == spool::SpoolFailure::Gone
                                : !message.history.contains(recipient);
      if (over) scheduler_.disclaim(id, recipient);
      else if (trouble) look_again_later(std::string(release_key), {id, recipient}, *trouble);
      return over || trouble.has_value();
    });
    if (recipients.empty()) continue;
    const auto tried = std::ranges::partition(recipients, [&](std::uint32_t recipient) { return message.history.at(recipient).attempts == 0; });
    std::vector<std::uint32_t> again(tried.begin(), tried.end());
    recipients.erase(tried.begin(), tried.end());
    const auto held = hold(std::move(message), recipients.empty() ? Lane::Retry : Lane::Fresh);
    for (auto& [lane, whom] : {std::pair{Lane::Fresh, &recipients}, std::pair{Lane::Retry, &again}}) {
      if (whom->empty()) continue;
      auto dispatching = dispatch_all(held, std::move(*whom), lane);
      co_await std::move(dispatching);
    }
    pump();
  }
  co_return true;
}

// What was put into holding untried.
void Delivery::deferred_untried(const Message& message, const std::vector<spool::Schedule>& schedules, const std::string& destination) {
  for (const auto& schedule : schedules)
    scheduler_.defer(destination, {message.ref.id, schedule.recipient}, schedule.next_due, give_up_time(message, destination, schedule),
                     message.envelope.priority);
  watch_deadline(message.ref.id, message.envelope);
  forget_fresh(message);
}

// ---- by when --------------------------------------------------------------------------------------------------------

void Delivery::watch_deadline(const TraceId& id, const Envelope& envelope) {
  // What was late before it came here was told of where it was late.
  if (envelope.deliver_by && envelope.deliver_by->deadline > envelope.accepted_at && !fresh_deadlines_.told(id))
    deadlines_.add(id, envelope.deliver_by->deadline);
}

bool Delivery::give_back_late(const MessagePointer& message, const std::vector<std::uint32_t>& recipients, const std::string& destination, WallTime now) {
  if (!must_return(message->envelope, now)) return false;
  std::vector<Attempt> attempts;
  for (const auto recipient : recipients) {
    Attempt late;
    late.recipient = recipient;
    late.status = "5.4.7";  // RFC 2852 §4.1.3
    late.explanation = "It could not be delivered by " + mime::print_date(message->envelope.deliver_by->deadline, 0) + ", as its sender asked.";
    late.again = Again::Pointless;
    const auto before = message->history.find(recipient);
    if (before != message->history.end() && before->second.attempts > 0) {
      late.failure = failure_class_of(before->second.failure_class);
      if (limit_of(late.failure) == Limit::Count) late.failure = FailureClass::Transient;  // it is the time that is over
      late.explanation += " The last attempt: " + before->second.last_reply;
    }
    attempts.push_back(std::move(late));
  }
  parts_.loop.spawn(finish(message, std::move(attempts), destination));
  return true;
}

Task<void> Delivery::watch_deadlines() {
  while (!stopping_ && !parts_.loop.stopping()) {
    const auto due = deadlines_.take_due(parts_.clock.wall(), Duration{}, told_at_once);
    for (const auto& id : due) {
      if (still_under_way(id)) continue;
      auto looking = deadline_passed(id);
      co_await std::move(looking);
      if (stopping_) co_return;
    }
    auto telling = tell_late_fresh();
    const bool told = co_await std::move(telling);
    if (stopping_) co_return;
    if (told || !due.empty()) {  // what is looked at again is due in seconds: this comes to an end
      co_await parts_.loop.yield();
      continue;
    }
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(round));
    if (outcome == io::Wake::Cancelled) break;
  }
}

// Nothing has changed since it was read: all who were in a lane or under an attempt still are. No I/O.
bool Delivery::still_under_way(const TraceId& id) {
  const auto found = late_under_way_.find(id);
  if (found == late_under_way_.end()) return false;
  if (std::ranges::all_of(found->second, [&](std::uint32_t recipient) { return scheduler_.claimed({id, recipient}); })) {
    deadlines_.add(id, parts_.clock.wall() + look_again_under_attempt);
    return true;
  }
  late_under_way_.erase(found);
  return false;
}

Task<void> Delivery::deadline_passed(TraceId id) {
  Message message{{id, 0, {}}, {}, {}};
  std::string header;
  auto work = parts_.workers.run(parts_.loop, [&] {
    auto trouble = recall(message);
    const auto& by = message.envelope.deliver_by;
    if (!trouble && !message.history.empty() && by && by->mode == ByMode::Notify)
      if (auto read = parts_.spool.body(message.ref, 0, std::min(header_octets, message.envelope.body_octets))) header = std::move(*read);
    return trouble;
  });
  const auto ran = co_await std::move(work);
  const auto now = parts_.clock.wall();
  if (!ran) {  // the workers are busy
    deadlines_.add(id, now + look_again_under_attempt);
    co_return;
  }
  if (const auto& trouble = *ran) {
    if (trouble->kind == spool::SpoolFailure::NotFound || trouble->kind == spool::SpoolFailure::Gone) co_return;
    parts_.log.write(telemetry::events::storage_trouble, {.message = id, .reason = trouble->what});
    deadlines_.add(id, now + (trouble->kind == spool::SpoolFailure::Damaged ? std::chrono::minutes{60} : std::chrono::minutes{1}));
    co_return;
  }
  if (message.history.empty() || !message.envelope.deliver_by) co_return;
  if (message.envelope.deliver_by->mode == ByMode::Return) co_return give_back_waiting(hold(std::move(message), Lane::Retry), now);
  auto telling = tell_late(std::move(message), std::move(header));
  co_await std::move(telling);
}

// Those that wait for their time. Who is under way has an end of its own, or is looked at again when one of them is not any more.
void Delivery::give_back_waiting(const MessagePointer& message, WallTime now) {
  const auto& id = message->ref.id;
  if (!must_return(message->envelope, now)) return deadlines_.add(id, message->envelope.deliver_by->deadline);
  std::vector<std::uint32_t> under_way;
  std::map<std::string, std::vector<std::uint32_t>> waiting;
  for (const auto& [recipient, schedule] : message->history) {
    const DeferredEntry entry{id, recipient};
    if (scheduler_.claimed(entry)) under_way.push_back(recipient);
    else if (scheduler_.deferred().contains(schedule.destination, entry)) {
      scheduler_.deferred().remove(schedule.destination, entry);
      scheduler_.claim(id, recipient);
      waiting[schedule.destination].push_back(recipient);
    }
  }
  if (!under_way.empty()) {
    late_under_way_.insert_or_assign(id, std::move(under_way));
    deadlines_.add(id, now + look_again_under_attempt);
  }
  for (const auto& [destination, recipients] : waiting) (void)give_back_late(message, recipients, destination, now);
}

// RFC 2852 §4.1.3: once; it goes on being tried. Who is under an attempt is not delivered by that time either.
Task<void> Delivery::tell_late(Message message, std::string header) {
  std::vector<spool::Schedule> schedules;
  std::vector<RecipientReport> reports;
  for (const auto& [recipient, schedule] : message.history) {
    if (spool::deadline_told(schedule)) continue;  // while it was fresh
    schedules.push_back(schedule);
    if (!wants_notification(message.envelope, message.recipient(recipient), Action::Delayed)) continue;
    const auto until = give_up_time(message, schedule.destination, schedule);
    auto report = delayed_report(message.envelope, schedule, until == WallTime::max() ? std::nullopt : std::optional(until));
    report.status = "4.4.7";
    reports.push_back(std::move(report));
  }
  if (reports.empty()) co_return;
  auto writing = write_notice(message, spool::recipients_of(schedules), std::move(reports), spool::deadline_told_bit, header);
  const auto again = co_await std::move(writing);
  if (again) deadlines_.add(message.ref.id, parts_.clock.wall() + *again);
}

}  // namespace hikyaku::delivery
