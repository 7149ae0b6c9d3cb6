#include "services/delivery/schedule/scheduler.h"

#include <algorithm>

#include "base/check.h"
#include "services/directory/hold.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t due_at_once = 100;  // a step of the loop: about a millisecond
constexpr std::size_t most_released = 1'000;  // before somebody takes them
constexpr Duration slow_delivery = std::chrono::seconds{15};

}  // namespace

bool is_set_apart(std::string_view key) { return key == release_key || directory::is_chosen_key(key); }

void Scheduler::configure(SchedulerSettings settings) {
  if (settings == settings_) return;
  settings_ = std::move(settings);
  lanes_.set_limits(settings_.lanes);
  lanes_.set_source_limits(settings_.sources);
  for (auto& [key, known] : known_) {
    known.state.set_most(most_for(key, known.domain));
    apply(key, known);
  }
}

std::uint32_t Scheduler::most_for(const std::string& key, const std::string& domain) const {
  for (const auto& row : settings_.limits)
    if (selects(row.via ? Selects::Route : Selects::Destination, row.pattern, domain, key)) return row.connections;
  return settings_.lanes.per_destination;
}

Scheduler::Known& Scheduler::know(const std::string& key, WallTime now) {
  const auto [place, is_new] = known_.try_emplace(key);
  if (is_new) {
    place->second.state.set_most(most_for(key, ""));
    newcomers_.add(key);
  }
  place->second.used = now;
  if (is_new) set_look(key, place->second, now);
  return place->second;
}

// What the destination bears, told to its lanes; they forget it with their last job.
void Scheduler::apply(const std::string& key, Known& known) {
  const auto limit = std::max(1U, known.state.limit());
  const bool slow = known.runs_long || known.state.usual() >= slow_delivery;
  const auto speed = slow ? Speed::Slow : known.state.serves() ? Speed::Usual : Speed::Unproven;
  // Where slots are soon free again retries leave one to fresh mail, and also that one while we ask whether it bears more.
  lanes_.set_limit(key, limit, speed != Speed::Usual ? 0 : known.state.asks_for_more() ? limit : limit - 1);
  lanes_.set_speed(key, speed);
}

// ---- what waits for a slot ------------------------------------------------------------------------------------------

Scheduler::Admission Scheduler::admit(Lane lane, const std::string& key, RemoteJob& job, std::size_t in_memory, WallTime now) {
  lanes_.at(now);
  auto& known = know(key, now);
  if (lane == Lane::Fresh && known.state.down()) return Admission::Down;
  const auto waiting = lanes_.waiting_for(key, lane);
  const auto left = settings_.most_waiting - std::min(settings_.most_waiting, lanes_.waiting(lane));
  if (lane == Lane::Fresh && waiting >= std::max(least_share, left / 2)) return Admission::Full;
  const auto free = settings_.window_messages - std::min(settings_.window_messages, in_memory);
  auto weight = Weight::Light;
  if (job.message) {
    const auto& envelope = job.message->envelope;
    if (!job.recipients.empty()) names_domain(key, job.message->recipient(job.recipients.front()).address.domain);
    if (lane == Lane::Fresh) weight = mailings_.weigh(envelope.reverse_path.text(), job.recipients.size(), now);
    if (waiting >= std::max(least_share, free / 2)) job.message.reset();
  }
  const auto priority = job.priority;
  lanes_.add(lane, key, std::move(job), weight, priority);
  apply(key, known);
  return Admission::Queued;
}

void Scheduler::names_domain(const std::string& key, const std::string& domain) {
  const auto found = known_.find(key);
  if (found == known_.end() || !found->second.domain.empty()) return;
  found->second.domain = domain;
  found->second.state.set_most(most_for(key, domain));
  apply(key, found->second);
}

void Scheduler::add_rest(const Slot& slot, RemoteJob rest) {
  const auto priority = rest.priority;
  lanes_.add(slot.lane, slot.destination, std::move(rest), slot.weight, priority);
}

void Scheduler::release(const Slot& slot, WallTime now) {
  lanes_.at(now);
  lanes_.release(slot);
  if (const auto found = known_.find(slot.destination); found != known_.end()) {
    auto& known = found->second;
    known.used = now;
    if (!known.releasing && lanes_.waiting_for(slot.destination, Lane::Retry) == 0) known.backlog = 0;
    if (known.full && retry_room(slot.destination) > least_share / 2) {
      known.full = false;
      deferred_.ungate(slot.destination);
    }
    apply(slot.destination, known);
  }
}

// ---- what waits for its time ----------------------------------------------------------------------------------------

void Scheduler::defer(const std::string& key, DeferredEntry entry, WallTime due, WallTime give_up_at, std::int8_t priority) {
  disclaim(entry.message, entry.recipient);
  deferred_.add(key, entry, due, give_up_at, priority);
  const auto found = known_.find(key);
  if (found != known_.end() && found->second.state.down() && !found->second.state.held_until()) deferred_.open_gate_by(key, give_up_at);
}

std::size_t Scheduler::retry_room(const std::string& key) const {
  const auto waiting = lanes_.waiting_for(key, Lane::Retry);
  const auto all = lanes_.waiting(Lane::Retry);
  const auto share = std::max(least_share, (settings_.window_messages - std::min(settings_.window_messages, all)) / 4);
  return share > waiting ? share - waiting : 0;
}

// Recipients of one message that are due together share a transaction.
void Scheduler::queue_due(const std::vector<DeferredIndex::Due>& due) {
  std::map<std::pair<std::string_view, TraceId>, RemoteJob> jobs;
  std::vector<std::pair<std::string_view, TraceId>> order;
  for (const auto& one : due) {
    if (is_set_apart(one.destination)) {
      claims_.insert(one.entry);
      released_.push_back(one.entry);
      continue;
    }
    const std::pair place{std::string_view(one.destination), one.entry.message};
    const auto [job, is_new] = jobs.try_emplace(place);
    if (is_new) {
      job->second.ref = {one.entry.message, 0, {}};
      job->second.priority = one.priority;
      order.push_back(place);
    }
    claims_.insert(one.entry);
    job->second.recipients.push_back(one.entry.recipient);
    job->second.from.push_back(one);
  }
  for (const auto& place : order) add_back(std::string(place.first), std::move(jobs.at(place)));
}

std::vector<DeferredEntry> Scheduler::take_released() {
  for (const auto& key : std::exchange(apart_, {}))
    if (health(key) != Health::Held) deferred_.ungate(key);
  return std::exchange(released_, {});
}

void Scheduler::put_back(const RemoteJob& job) {
  for (const auto& one : job.from) defer(one.destination, one.entry, one.due, one.give_up_at, one.priority);
}

void Scheduler::add_back(const std::string& key, RemoteJob job) {
  const auto priority = job.priority;
  lanes_.add(Lane::Retry, key, std::move(job), Weight::Light, priority);
}

std::vector<std::pair<Lane, RemoteJob>> Scheduler::unqueue(const std::string& key) {
  std::vector<std::pair<Lane, RemoteJob>> jobs;
  for (const Lane lane : {Lane::Fresh, Lane::Retry})
    for (auto& job : lanes_.drain(key, lane)) {
      if (!job.from.empty()) put_back(job);
      else jobs.emplace_back(lane, std::move(job));
    }
  return jobs;
}

void Scheduler::leave_lanes(const std::function<void(const RemoteJob&, std::vector<std::uint32_t>&)>& leave) {
  lanes_.change_waiting([&](RemoteJob& job) { leave(job, job.recipients); }, [](const RemoteJob& job) { return job.recipients.empty(); });
}

bool Scheduler::feed(WallTime now) {
  lanes_.at(now);
  bool more = false;
  for (const auto& key : std::vector(releasing_)) {
    const auto found = known_.find(key);
    if (found != known_.end() && found->second.releasing) more = feed_release(key, found->second) || more;
  }
  std::erase_if(releasing_, [this](const std::string& key) {
    const auto found = known_.find(key);
    return found == known_.end() || !found->second.releasing;
  });
  const auto due = deferred_.take_due(now, due_at_once);
  queue_due(due);
  for (const auto& one : due) {
    if (is_set_apart(one.destination)) {
      if (released_.size() >= most_released && apart_.insert(one.destination).second) deferred_.gate(one.destination, WallTime::max());
      continue;
    }
    auto& known = know(one.destination, now);
    apply(one.destination, known);
    // More than its share waits for slots: the index keeps the rest until there is room again.
    if (known.full || known.state.down() || known.state.held_until() || retry_room(one.destination) > 0) continue;
    known.full = true;
    full_.insert(one.destination);
    deferred_.gate(one.destination, WallTime::max());
  }
  return more || due.size() == due_at_once;
}

void Scheduler::due_now(const std::string& key, DeferredEntry entry, WallTime now) {
  if (const auto found = known_.find(key); found != known_.end()) {
    auto& known = found->second;
    if (known.state.held_until()) return;
    if (known.state.down()) {
      known.state.forget_silence(now);  // its next failure says so again
      known.last.reset();
      apply(key, known);
    }
    known.full = false;
    deferred_.ungate(key);
  }
  deferred_.set_due(key, entry, now);
}

void Scheduler::flush(const std::string& key, WallTime now) {
  if (deferred_.waiting_for(key) == 0) return;
  auto& known = know(key, now);
  if (known.state.held_until() || known.releasing) return;
  known.state.forget_silence(now);  // its next failure says so again
  apply(key, known);
  begin_release(key, known, now, DeferredIndex::Which::Timed);
}

// ---- what happened --------------------------------------------------------------------------------------------------

std::vector<DeferredIndex::Due> Scheduler::take_expired(const std::string& key, WallTime now) {
  auto expired = deferred_.take_expired(key, now);
  for (const auto& one : expired) claims_.insert(one.entry);
  // The next probe is not for those any more.
  const auto found = known_.find(key);
  if (!expired.empty() && found != known_.end() && found->second.state.down() && found->second.last) gate(key, found->second, now);
  return expired;
}

void Scheduler::concluded(const std::string& key, const Message& message, const std::vector<Attempt>& attempts, Duration took, WallTime now) {
  auto& known = know(key, now);
  known.runs_long = took >= slow_delivery;
  const Attempt* silent = nullptr;
  const Attempt* fast = nullptr;
  bool answered = false, shut_out = true;  // shut out: by a greylist, which is no sign of what the peer bears
  for (const auto& attempt : attempts) {
    if (attempt.result == AttemptResult::Failed && is_silence(attempt.failure)) silent = &attempt;
    else answered = true;
    shut_out = shut_out && attempt.result == AttemptResult::Failed && attempt.failure == FailureClass::Greylisted;
    if (attempt.result == AttemptResult::Failed && attempt.pace == Pace::TooFast) fast = &attempt;
  }
  const auto evidence = [&](const Attempt& attempt) {
    return Evidence{now, attempt.failure, attempt.diagnostic.empty() ? attempt.explanation : attempt.diagnostic, attempt.remote_mta};
  };
  // One message that makes a peer hang up says little of the others: fewer at once, no more.
  if (fast != nullptr) known.state.too_fast(now, evidence(*fast));
  else if (silent != nullptr && !answered) known.state.too_fast(now, evidence(*silent));
  else if ((!shut_out || known.state.down()) && known.state.answered(now, took) == Destination::Was::Down) begin_release(key, known, now);
  for (const auto& attempt : attempts) {
    const auto before = message.history.find(attempt.recipient);
    take_greylist_evidence(key, known, attempt, before == message.history.end() ? nullptr : &before->second, now);
  }
  if (answered) known.state.served();
  apply(key, known);
}

void Scheduler::runs_long(const std::string& key) {
  const auto found = known_.find(key);
  if (found == known_.end()) return;
  found->second.runs_long = true;
  apply(key, found->second);
}

const Attempt* Scheduler::last_failure(const std::string& key) const {
  const auto found = known_.find(key);
  return found == known_.end() || !found->second.last ? nullptr : &*found->second.last;
}

void Scheduler::pause(const std::string& key, WallTime until, Cause cause) {
  auto& known = know(key, until);
  known.paused_until = until;
  set_look(key, known, until);
  for (const Lane lane : {Lane::Fresh, Lane::Retry}) lanes_.shut(key, lane, cause);
}

void Scheduler::probe_is_gone(const std::string& key) {
  const auto found = known_.find(key);
  if (found == known_.end() || !found->second.state.down()) return;
  if (lanes_.waiting_for(key, Lane::Retry) == 0 && lanes_.used_for(key) <= 1) {
    // Another one is the probe: at once, since this one asked nobody.
    deferred_.gate(key, found->second.used);
  }
}

// ---- holds ----------------------------------------------------------------------------------------------------------

void Scheduler::hold(const std::string& key, WallTime now, WallTime until, std::string reason) {
  auto& known = know(key, now);
  known.state.hold(now, until, std::move(reason));
  set_look(key, known, now);
  known.releasing = known.full = false;
  known.backlog = 0;
  for (const Lane lane : {Lane::Fresh, Lane::Retry}) lanes_.shut(key, lane);
  for (auto& job : lanes_.drain(key, Lane::Retry)) {
    if (!job.from.empty()) put_back(job);
    else add_back(key, std::move(job));
  }
  deferred_.gate(key, WallTime::max());
}

void Scheduler::release_hold(const std::string& key, WallTime now) {
  const auto found = known_.find(key);
  if (found == known_.end() || !found->second.state.held_until()) return;
  auto& known = found->second;
  was_held(key, known.state.since(), now);
  known.state.release_hold(now);
  for (const Lane lane : {Lane::Fresh, Lane::Retry}) lanes_.open(key, lane);
  if (key == release_key) deferred_.ungate(key);  // what is not due there waits for its time
  else if (known.state.down() && known.last) gate(key, known, now);
  else begin_release(key, known, now);
}

void Scheduler::was_held(const std::string& key, WallTime from, WallTime until) {
  constexpr std::size_t most = 100;  // holds of one destination that anybody remembers
  auto& holds = holds_[key];
  if (holds.size() >= most) holds.erase(holds.begin());
  if (from < until) holds.push_back({from, until});
}

Duration Scheduler::held_between(const std::string& key, WallTime from, WallTime until, const Paused& paused) const {
  Duration held{};
  const auto add = [&](WallTime start, WallTime end) {
    start = std::max(start, from), end = std::min(end, until);
    if (start < end) held += (end - start) - paused(start, end);
  };
  if (const auto over = holds_.find(key); over != holds_.end())
    for (const auto& [start, end] : over->second) add(start, end);
  if (const auto found = known_.find(key); found != known_.end() && found->second.state.held_until()) add(found->second.state.since(), until);
  return held;
}

// ---- the release of a backlog ---------------------------------------------------------------------------------------

// Oldest first, into the retry lane as it empties: the destination's limit, which starts at one, is the ramp.
void Scheduler::begin_release(const std::string& key, Known& known, WallTime now, DeferredIndex::Which which) {
  known.last.reset();
  known.full = false;
  known.releasing = true;
  known.cursor.reset();
  known.released_are = which;
  known.backlog = deferred_.waiting_for(key) + lanes_.waiting_for(key, Lane::Retry);
  known.released_since = now;
  deferred_.ungate(key);
  if (std::ranges::find(releasing_, key) == releasing_.end()) releasing_.push_back(key);
}

bool Scheduler::feed_release(const std::string& key, Known& known) {
  if (is_set_apart(key) && released_.size() >= most_released) return false;  // when these are taken
  const std::size_t wanted = std::min<std::size_t>(retry_room(key), 4 * std::max(1U, known.state.limit()));
  const auto waiting = lanes_.waiting_for(key, Lane::Retry);
  if (waiting >= wanted) return false;  // its lane has enough for now
  const auto oldest = deferred_.take_oldest(key, known.cursor, wanted - waiting, known.released_are);
  if (oldest.empty()) known.releasing = false;
  queue_due(oldest);
  apply(key, known);
  return known.releasing;
}

// ---- owners and views -----------------------------------------------------------------------------------------------

Scheduler::Ownership Scheduler::check_ownership() const {
  Ownership found;
  std::unordered_set<DeferredEntry, EntryHash> waiting;
  lanes_.for_each_waiting([&](const std::string& key, const RemoteJob& job) {
    for (const auto recipient : job.recipients) {
      const DeferredEntry entry{job.ref.id, recipient};
      if (!waiting.insert(entry).second || deferred_.contains(key, entry)) found.twice.push_back(entry);
      if (!claims_.contains(entry)) found.unclaimed.push_back(entry);
    }
  });
  return found;
}

bool Scheduler::owns(const std::string& key, DeferredEntry entry) const {
  return claims_.contains(entry) || deferred_.contains(key, entry);
}

std::optional<Scheduler::InLane> Scheduler::in_lane(const std::string& key, DeferredEntry entry) const {
  const auto matches = [&](const RemoteJob& job) { return job.ref.id == entry.message && std::ranges::find(job.recipients, entry.recipient) != job.recipients.end(); };
  for (const Lane lane : {Lane::Fresh, Lane::Retry})
    if (const auto waited = lanes_.waited(key, lane, matches)) return InLane{lane, *waited, lanes_.waits_for(key, lane)};
  return std::nullopt;
}

Health Scheduler::health(const std::string& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? Health::Healthy : found->second.state.health();
}

Newcomers::Taken Scheduler::take_newcomers() {
  auto all = newcomers_.take();
  auto waiting = deferred_.take_newcomers();
  all.too_many = all.too_many || waiting.too_many;
  std::ranges::move(waiting.names, std::back_inserter(all.names));
  return all;
}

std::vector<std::string> Scheduler::silent_hosts() {
  std::erase_if(silent_hosts_, [this](const auto& key) {
    const auto found = known_.find(key);
    return found == known_.end() || !found->second.state.down();
  });
  return {silent_hosts_.begin(), silent_hosts_.end()};
}

std::vector<std::string> Scheduler::destinations() const {
  std::vector<std::string> keys;
  for (const auto& [key, known] : known_) keys.push_back(key);
  std::ranges::sort(keys);
  return keys;
}

std::optional<Scheduler::View> Scheduler::view(const std::string& key, WallTime now) const {
  const auto found = known_.find(key);
  if (found == known_.end()) return std::nullopt;
  const auto& known = found->second;
  View view{key, known.state.health(), known.state.since(), known.state.evidence(), known.state.limit(), most_for(key, known.domain), lanes_.used_for(key), known.state.failures()};
  view.proven = known.state.proven();
  view.fresh = lanes_.waiting_for(key, Lane::Fresh);
  view.retry = lanes_.waiting_for(key, Lane::Retry);
  view.deferred = deferred_.waiting_for(key);
  if (known.state.down()) view.next_probe = deferred_.next_probe_of(key);
  if (const auto* profile = greylists_.find(key); profile != nullptr && profile->enough() != Duration::max()) view.greylist_wait = profile->enough();
  const auto left = view.deferred + view.retry;
  if (left > 0 && known.backlog > left && now > known.released_since)
    view.drained_in = (now - known.released_since) * static_cast<std::int64_t>(left) / static_cast<std::int64_t>(known.backlog - left);
  return view;
}

}  // namespace hikyaku::delivery
