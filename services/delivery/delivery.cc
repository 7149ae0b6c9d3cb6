#include "services/delivery/delivery.h"

#include <map>

namespace hikyaku::delivery {
namespace {

constexpr std::size_t fresh_at_once = 256;
constexpr std::size_t due_at_once = 500;
constexpr std::size_t recipients_of_a_job = 100;
constexpr std::size_t recipients_of_a_step = 500;
constexpr Duration look_again = 1s;
constexpr Duration window_pause = 10ms;
constexpr Duration directory_settles = 3s;  // a reader's snapshot is at most a second old (services/directory)

Duration until_wall(WallTime when, WallTime now) { return when > now ? Duration(when - now) : Duration{}; }

}  // namespace

Delivery::Delivery(Parts parts, std::function<DeliverySettings()> settings)
    : parts_(std::move(parts)), current_settings_(std::move(settings)), settings_(current_settings_()),
      lanes_(settings_.lanes), sessions_(parts_.loop),
      settler_(parts_.loop, parts_.workers, parts_.spool, parts_.flusher, parts_.log),
      local_({parts_.loop, parts_.workers, parts_.spool, parts_.mailboxes, parts_.directory, parts_.log},
             parts_.local_accounts_at_once,
             [this](const LocalJob& job, Attempt attempt) {
               parts_.loop.spawn(finish(job.message, {std::move(attempt)}, "local:" + job.target.address.domain));
             }) {}

void Delivery::start(Bell heard) {
  parts_.loop.spawn(run());
  parts_.loop.spawn(listen(std::move(heard)));
  parts_.loop.spawn(watch_timers());
  parts_.loop.spawn(tend());
}

bool Delivery::idle() const {
  return lanes_.used(Lane::Fresh) + lanes_.used(Lane::Retry) == 0 && local_.waiting() == 0 && finishing_ == 0 && settler_.idle();
}

io::Task<void> Delivery::stop(Deadline deadline) {
  stopping_ = true;
  while (!idle() && parts_.loop.now() < deadline) {
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(20ms));
    if (outcome == io::Wake::Cancelled) break;
  }
  parts_.loop.stop();
}

MessagePointer Delivery::hold(Message message, Lane lane) {
  const auto& messages = messages_[static_cast<std::size_t>(lane)];
  ++*messages;
  return MessagePointer(new Message(std::move(message)), [count = messages](const Message* gone) {
    --*count;
    delete gone;
  });
}

std::size_t Delivery::room(Lane lane) const {
  const std::size_t taken = *messages_[static_cast<std::size_t>(lane)];
  return settings_.window_messages > taken ? settings_.window_messages - taken : 0;
}

io::Task<void> Delivery::load_deferred() {
  std::vector<spool::DeferredRecipient> all;
  for (;;) {
    auto work = parts_.workers.run(parts_.loop, [&] {
      parts_.spool.for_each_deferred([&](const spool::DeferredRecipient& one) { all.push_back(one); });
    });
    const auto ran = co_await std::move(work);
    if (ran) break;  // else the workers are busy: without this nothing deferred would ever be tried
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(look_again));
    if (outcome == io::Wake::Cancelled) co_return;
  }
  for (const auto& one : all)
    deferred_.add(one.schedule.destination, {one.id, one.schedule.recipient}, one.schedule.next_due, give_up_time(one.schedule));
}

io::Task<void> Delivery::listen(Bell heard) {
  while (!stopping_ && !parts_.loop.stopping()) {
    auto hearing = heard(parts_.loop.after(look_again));
    const auto outcome = co_await std::move(hearing);
    if (outcome == io::Wake::Cancelled) break;
    look_for_fresh();
  }
}

void Delivery::look_for_fresh() {
  rung_ = true;
  if (intake_ != nullptr) intake_->wake(io::Wake::Ready);
}

io::Task<void> Delivery::run() {
  auto loading = load_deferred();
  co_await std::move(loading);
  while (!stopping_ && !parts_.loop.stopping()) {
    const std::size_t limit = std::min(room(Lane::Fresh), fresh_at_once);
    std::size_t taken = 0;
    rung_ = false;
    if (limit > 0) {
      auto work = parts_.workers.run(parts_.loop, [&, limit] { return parts_.spool.fresh(limit); });
      auto fresh = co_await std::move(work);
      if (fresh && !*fresh) parts_.log.write(telemetry::events::storage_trouble, {.reason = fresh->error().what});
      if (fresh && *fresh) {
        taken = (*fresh)->size();
        for (auto& one : **fresh) {
          std::vector<std::uint32_t> recipients;
          for (const auto& open : one.open) recipients.push_back(open.index);
          const auto message = hold({std::move(one.ref), std::move(one.envelope), {}}, Lane::Fresh);
          auto dispatching = dispatch_all(message, std::move(recipients), Lane::Fresh);
          co_await std::move(dispatching);
        }
        pump();
      }
    }
    if (taken > 0 || (limit > 0 && rung_)) continue;
    io::Wait sleep(parts_.loop, nullptr, parts_.loop.after(limit == 0 ? window_pause : look_again), io::Wake::TimedOut);
    if (limit > 0) intake_ = &sleep;
    const auto outcome = co_await sleep;
    intake_ = nullptr;
    if (outcome == io::Wake::Cancelled) break;
  }
}

void Delivery::dispatch(const MessagePointer& message, std::span<const std::uint32_t> recipients, Lane lane) {
  const auto directory = parts_.directory.newest();
  if (!directory) {
    parts_.loop.spawn(dispatch_later(message, {recipients.begin(), recipients.end()}, lane));
    return;
  }
  std::map<std::string, RemoteJob> remote;
  for (const auto index : recipients) {
    const auto before = message->history.find(index);
    const std::uint32_t failures = before == message->history.end() ? 0 : before->second.attempts;
    auto plan = plan_recipient(*directory, settings_.routing, {message->envelope.reverse_path, message->recipient(index), failures});
    if (auto* mailbox = std::get_if<ToMailbox>(&plan)) {
      local_.add({message, index, std::move(mailbox->target)});
    } else if (auto* hop = std::get_if<ToNextHop>(&plan)) {
      const auto key = hop->hop.key();
      auto& job = remote.try_emplace(key, RemoteJob{message, {}, hop->hop}).first->second;
      job.recipients.push_back(index);
      if (job.recipients.size() < recipients_of_a_job) continue;
      enqueue(lane, std::move(job));
      remote.erase(key);
    } else if (auto* targets = std::get_if<ToTargets>(&plan)) {
      parts_.loop.spawn(expand(message, index, std::move(*targets)));
    } else if (parts_.clock.wall() - message->envelope.accepted_at < directory_settles) {
      // Reception knew the recipient a moment ago: our own snapshot may be the older one. Look again before judging.
      parts_.loop.spawn(dispatch_later(message, {index}, lane));
    } else {
      const auto& cannot = std::get<CannotDeliver>(plan);
      parts_.loop.spawn(finish(message, {{index, AttemptResult::Failed, FailureClass::Refused, cannot.status, "",
                                          cannot.explanation, "", ""}}, "local:" + message->recipient(index).address.domain));
    }
  }
  for (auto& [key, job] : remote) enqueue(lane, std::move(job));
}

// Many recipients in several steps of the loop: others have theirs between.
io::Task<void> Delivery::dispatch_all(MessagePointer message, std::vector<std::uint32_t> recipients, Lane lane) {
  for (std::span<const std::uint32_t> left = recipients; !left.empty();) {
    const auto some = left.first(std::min(left.size(), recipients_of_a_step));
    left = left.subspan(some.size());
    dispatch(message, some, lane);
    if (left.empty()) break;
    pump();
    co_await parts_.loop.yield();
  }
}

io::Task<void> Delivery::dispatch_later(MessagePointer message, std::vector<std::uint32_t> recipients, Lane lane) {
  const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(1s));
  if (outcome == io::Wake::Cancelled || stopping_) co_return;
  auto dispatching = dispatch_all(message, std::move(recipients), lane);
  co_await std::move(dispatching);
  pump();
}

void Delivery::enqueue(Lane lane, RemoteJob job) {
  const std::string destination = job.hop.key();
  // A destination known to be down gets its fresh mail when it answers again; a retry that comes here is its probe.
  if (lane == Lane::Fresh && deferred_.gated(destination)) {
    std::vector<Attempt> attempts;
    for (const auto index : job.recipients) {
      attempts.push_back(down_[destination].last);
      attempts.back().recipient = index;
    }
    parts_.loop.spawn(finish(job.message, std::move(attempts), destination));
    return;
  }
  lanes_.add(lane, destination, std::move(job));
}

io::Task<void> Delivery::watch_timers() {
  while (!stopping_ && !parts_.loop.stopping()) {
    const auto now = parts_.clock.wall();
    const std::size_t limit = std::min(room(Lane::Retry), due_at_once);
    if (limit == 0) {
      const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(50ms));
      if (outcome == io::Wake::Cancelled) break;
      continue;
    }
    auto due = deferred_.take_due(now, limit);
    if (!due.empty()) {
      auto taking = take_up(std::move(due));
      co_await std::move(taking);
      continue;
    }
    const auto next = deferred_.next_due();
    const Duration wait = next ? std::min<Duration>(until_wall(*next, now), look_again) : look_again;
    io::Wait sleep(parts_.loop, nullptr, parts_.loop.after(wait), io::Wake::Ready);
    timer_ = &sleep;
    const auto outcome = co_await sleep;
    timer_ = nullptr;
    if (outcome == io::Wake::Cancelled) break;
  }
}

// Reads the due messages back from holding and sends their recipients to the retry lane.
io::Task<void> Delivery::take_up(std::vector<DeferredIndex::Due> due) {
  struct Read {
    Message message;
    std::vector<std::uint32_t> recipients;
    std::string destination;
    std::optional<spool::SpoolError> trouble;
  };
  std::vector<Read> read;
  auto work = parts_.workers.run(parts_.loop, [&] {
    std::map<TraceId, std::size_t> places;
    for (const auto& one : due) {
      const auto [place, is_new] = places.try_emplace(one.entry.message, read.size());
      if (is_new) {
        Message message{{one.entry.message, 0, {}}, {}, {}};
        auto trouble = recall(message);
        read.push_back({std::move(message), {}, one.destination, std::move(trouble)});
      }
      auto& target = read[place->second];
      // Settled meanwhile (by the operator): nothing to try.
      if (target.message.history.contains(one.entry.recipient)) target.recipients.push_back(one.entry.recipient);
    }
  });
  const auto ran = co_await std::move(work);
  if (!ran) {
    for (const auto& one : due) deferred_.add(one.destination, one.entry, parts_.clock.wall() + std::chrono::seconds{1});
    co_return;
  }
  for (auto& one : read) {
    if (one.trouble) {
      for (const auto recipient : one.recipients) look_again_later(one.destination, {one.message.ref.id, recipient}, *one.trouble);
    } else if (!one.recipients.empty()) {
      dispatch(hold(std::move(one.message), Lane::Retry), one.recipients, Lane::Retry);
    }
    // The probe went elsewhere (a changed route, a mailbox) or is gone: the gate must not wait for it.
    if (deferred_.gated(one.destination) && lanes_.waiting_for(one.destination) == 0) deferred_.ungate(one.destination);
  }
  pump();
}

std::optional<spool::SpoolError> Delivery::recall(Message& message) const {
  for (auto& deferred : parts_.spool.deferred(message.ref.id))
    message.history.insert({deferred.schedule.recipient, std::move(deferred.schedule)});
  if (message.history.empty()) return std::nullopt;
  auto envelope = parts_.spool.envelope(message.ref);
  if (!envelope) return envelope.error();
  message.envelope = std::move(*envelope);
  std::erase_if(message.history, [&](const auto& one) { return one.first >= message.envelope.recipients.size(); });
  return std::nullopt;
}

// The spool still has it, so it keeps a timer; what is damaged may be mended by an operator, what failed may work soon.
void Delivery::look_again_later(const std::string& destination, DeferredEntry entry, const spool::SpoolError& trouble) {
  parts_.log.write(telemetry::events::storage_trouble, {.message = entry.message, .reason = trouble.what});
  const auto wait = trouble.kind == spool::SpoolFailure::Damaged ? std::chrono::minutes{60} : std::chrono::minutes{1};
  deferred_.add(destination, entry, parts_.clock.wall() + wait);
}

io::Task<void> Delivery::tend() {
  auto alive_at = parts_.loop.now();
  while (!parts_.loop.stopping()) {
    settings_ = current_settings_();
    lanes_.set_limits(settings_.lanes);
    sessions_.tend(stopping_);
    if (parts_.loop.now() >= alive_at) {
      alive_at = parts_.loop.after(10s);
      auto work = parts_.workers.run(parts_.loop, [this] { return parts_.ledger.seen_alive(parts_.clock.wall()); });
      const auto ran = co_await std::move(work);
      if (ran && !*ran) parts_.log.write(telemetry::events::storage_trouble, {.reason = ran->error().what});
    }
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(1s));
    if (outcome == io::Wake::Cancelled) break;
  }
}

void Delivery::retry_now(const std::vector<Retried>& retried) {
  const auto now = parts_.clock.wall();
  for (const auto& one : retried) {
    down_.erase(one.destination);
    deferred_.ungate(one.destination);
    // Those under way right now are not in the index, and must not be tried twice at once.
    if (deferred_.contains(one.destination, {one.id, one.recipient})) deferred_.add(one.destination, {one.id, one.recipient}, now);
  }
  if (!retried.empty() && timer_ != nullptr) timer_->wake(io::Wake::Ready);
}

}  // namespace hikyaku::delivery
