// A simulation of delivery around the real scheduler, the real conclusions and the real pause arithmetic: simulated are the
// clocks (the wall clock may be set, the peers live by the steady one), the peers, and the spool, which keeps what was written over a crash and loses what was not flushed in a power cut.
// One thread, one seed, the same run each time. After every event it can be asked whether each recipient has one owner.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "services/delivery/conclusion.h"
#include "services/delivery/schedule/another_clock.h"
#include "services/delivery/schedule/period_end.h"
#include "services/delivery/schedule/scheduler.h"
#include "services/delivery/schedule/simulated_peer.h"
#include "services/delivery/schedule/simulated_urgency.h"

namespace hikyaku::delivery::simulation {

// What is on disk of one message.
struct Stored {
  std::shared_ptr<Message> message;  // without its history
  std::map<std::uint32_t, spool::Schedule> open;  // attempts 0: before its first attempt
  std::set<std::uint32_t> fresh;
};

class Simulation {
 public:
  using Id = Peer::Id;
  explicit Simulation(std::uint64_t seed, SchedulerSettings settings = {}) : random(seed), settings_(std::move(settings)) { start(); }

  std::mt19937_64 random;
  WallTime now{std::chrono::seconds{1'700'000'000}};  // by the machine's wall clock
  std::chrono::microseconds set_by{};                 // what that was set by, in all
  [[nodiscard]] WallTime steady() const { return now - set_by; }
  std::map<std::string, Peer> peers;  // by name
  std::map<TraceId, Stored> spool;
  std::map<Id, spool::Outcome> ends;
  std::map<Id, WallTime> accepted_at, ended_at;
  std::set<Id> may_repeat;    // an outcome or a transaction was lost in a crash
  std::size_t attempts = 0, reads = 0, early_ends = 0, late_ends = 0;
  std::size_t counted_untried = 0;  // attempts that nobody made
  std::size_t turned_away = 0, turned_away_for_good = 0;  // connections too many; those of them that counted as attempts
  std::size_t truly_early = 0;  // by the steady clock, which nobody sets
  Duration latest_end{};        // by it, the longest that anything went on after its period was over
  Pauses pauses;
  bool watches_urgency = false;  // costs a look at all that waits for a destination, for each job
  UrgencyWatch urgency;

  std::map<std::string, std::string> served_by;  // domains whose mail another name's peer takes
  Peer& peer(const std::string& domain) {
    const auto other = served_by.find(domain);
    const auto& name = other == served_by.end() ? domain : other->second;
    return peers.try_emplace(name, name, random()).first->second;
  }
  [[nodiscard]] Scheduler& scheduler() { return *scheduler_; }
  [[nodiscard]] std::size_t open_recipients() const {
    std::size_t count = 0;
    for (const auto& [id, stored] : spool) count += stored.open.size();
    return count;
  }

  TraceId accept(const std::string& sender, const std::vector<std::string>& recipients, const std::string& domain, std::int8_t priority = 0) {
    const TraceId id{1, 1, 1, ++sequence_};
    auto message = std::make_shared<Message>();
    message->ref.id = message->envelope.id = id;
    message->ref.journal = 1;
    if (!sender.empty()) message->envelope.reverse_path.address = {sender, "here.example"};
    message->envelope.client_address = "192.0.2.1";
    message->envelope.accepted_at = now;
    message->envelope.priority = priority;
    auto& stored = spool[id];
    for (const auto& one : recipients) {
      const auto index = static_cast<std::uint32_t>(message->envelope.recipients.size());
      message->envelope.recipients.push_back({{one, domain}, "", {.never = true}});
      stored.open[index].recipient = index;
      stored.fresh.insert(index);
      accepted_at[{id, index}] = now;
    }
    stored.message = std::move(message);
    if (running_) take_up(id);
    return id;
  }

  void at(WallTime when, std::function<void()> what) { events_.emplace(std::pair{when, ++order_}, std::move(what)); }

  // Runs until `until`, or until nothing is open and nothing is planned before.
  void run(WallTime until) {
    while (now < until) {
      if (running_) start_slots();
      WallTime next = until;
      if (!events_.empty()) next = std::min(next, events_.begin()->first.first);
      if (running_) {
        if (const auto due = scheduler_->next_time()) next = std::min(next, std::max(*due, now));
        next = std::min(next, next_tend_);
      }
      now = std::max(now, next);
      while (!events_.empty() && events_.begin()->first.first <= now) {
        auto event = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        event();
      }
      if (!running_) continue;
      if (now >= next_tend_) {
        scheduler_->tend(now);
        next_tend_ = now + std::chrono::seconds{open_recipients() > 0 ? 1 : 3600};
        if (slots_.empty()) next_tend_ = now + std::chrono::seconds{30};
      }
      while (scheduler_->feed(now)) start_slots();
      start_slots();
    }
  }

  // ---- the process
  void stop() {  // in good order, or killed: what was written stays
    running_ = false;
    scheduler_.reset();
    for (auto& [number, slot] : slots_) {
      if (slot.connected) slot.peer->hang_up();
      end_work(slot.slot.destination);
      if (slot.in_transaction)
        for (const auto index : slot.job.recipients) may_repeat.insert({slot.job.ref.id, index});
    }
    slots_.clear();
    stopped_at_ = now;
    truly_stopped_ = steady();
    ++life_;
  }
  // The wall clock is set. A life of delivery ends then and another begins (apps/deliver); what was planned goes on in true time.
  void set_clock(Duration by) {
    const auto step = std::chrono::duration_cast<std::chrono::microseconds>(by);
    const bool ran = running_;
    if (ran) stop();
    now += step, set_by += step;
    std::multimap<std::pair<WallTime, std::uint64_t>, std::function<void()>> moved;
    for (auto& [key, event] : events_) moved.emplace(std::pair{key.first + step, key.second}, std::move(event));
    events_ = std::move(moved);
    if (ran) start();
  }
  void power_cut() {  // outcomes of the last 20 ms are gone
    stop();
    for (const auto& [id, when] : unflushed_)
      if (steady() - when < 20ms) undo(id);
    unflushed_.clear();
  }
  void start() {
    scheduler_ = std::make_unique<Scheduler>();
    scheduler_->configure(settings_);
    urgency.forget();
    if (stopped_at_) begin_life(pauses, *stopped_at_, now);
    if (stopped_at_ && steady() - truly_stopped_ > shortest_pause) true_pauses_.emplace_back(truly_stopped_, steady());
    running_ = true;
    next_tend_ = now;
    for (const auto& [key, spans] : holds_) hold_now(key);
    for (auto& [id, stored] : spool) {
      for (auto& [index, schedule] : stored.open) bring_back(schedule, now);
      for (const auto& [index, schedule] : stored.open)
        if (!stored.fresh.contains(index)) scheduler_->defer(schedule.destination, {id, index}, schedule.next_due, give_up_at(*stored.message, schedule), stored.message->envelope.priority);
      if (!stored.fresh.empty()) take_up(id);
    }
  }
  void change_settings(SchedulerSettings settings) {
    settings_ = std::move(settings);
    if (running_) scheduler_->configure(settings_);
  }
  // Kept as the directory keeps it, over every restart; of two at once the longer counts.
  void hold(const std::string& key, WallTime until) {
    holds_[key].emplace_back(now, until);
    if (running_) hold_now(key);
  }
  [[nodiscard]] Duration stood_still(const std::string& key, WallTime from, WallTime until) const {
    Pauses still = pauses;
    if (const auto held = holds_.find(key); held != holds_.end()) still.insert(still.end(), held->second.begin(), held->second.end());
    return covered(std::move(still), from, until);
  }

  // Invariant 5: what the spool has open is owned once, and nothing else is owned. Empty: so it is.
  [[nodiscard]] std::string check_owners() const {
    if (!running_) return {};
    const auto found = scheduler_->check_ownership();
    if (!found.twice.empty()) return "owned twice: " + found.twice.front().message.text();
    if (!found.unclaimed.empty()) return "waits unclaimed: " + found.unclaimed.front().message.text();
    for (const auto& [id, stored] : spool)
      for (const auto& [index, schedule] : stored.open) {
        const bool claimed = scheduler_->claimed({id, index});
        const bool indexed = !stored.fresh.contains(index) && const_cast<Scheduler&>(*scheduler_).deferred().contains(schedule.destination, {id, index});
        if (claimed == indexed) return (claimed ? "owned twice: " : "owned by nobody: ") + id.text() + " " + std::to_string(index);
      }
    return {};
  }

 private:
  struct Running {
    Scheduler::Slot slot;
    RemoteJob job;
    Peer* peer = nullptr;
    std::string host;
    bool connected = false, in_transaction = false, connecting = false;
  };
  void hold_now(const std::string& key) {
    const auto until = std::ranges::max(holds_.at(key), {}, &Pauses::value_type::second).second;
    if (until > now) scheduler_->hold(key, now, until, "maintenance");
  }
  [[nodiscard]] std::uint32_t connections(const std::string& key) const {
    std::uint32_t count = 0;
    for (const auto& [number, slot] : slots_) count += slot.slot.destination == key && (slot.connected || slot.connecting) ? 1 : 0;
    return count;
  }

  [[nodiscard]] static RuledBy ruled_by(const Message& message, const spool::Schedule& schedule) {
    return {message.recipient(schedule.recipient).address.domain, schedule.destination, kind_of(message.envelope)};
  }
  [[nodiscard]] WallTime give_up_at(const Message& message, const spool::Schedule& schedule) const {
    return period_end(settings_.retry, ruled_by(message, schedule), schedule, stood_still(schedule.destination, schedule.first_failed, now));
  }

  void take_up(const TraceId& id) {
    auto& stored = spool.at(id);
    const std::vector<std::uint32_t> recipients(stored.fresh.begin(), stored.fresh.end());
    for (const auto index : recipients) scheduler_->claim(id, index);
    if (!recipients.empty()) enqueue(Lane::Fresh, read(id), recipients);
  }
  MessagePointer read(const TraceId& id) {
    ++reads;
    const auto& stored = spool.at(id);
    auto message = std::make_shared<Message>(*stored.message);
    for (const auto& [index, schedule] : stored.open)
      if (schedule.attempts > 0) message->history[index] = schedule;
    return message;
  }
  void enqueue(Lane lane, const MessagePointer& message, const std::vector<std::uint32_t>& recipients) {
    auto& to = peer(message->recipient(recipients.front()).address.domain);
    RemoteJob job{message->ref, recipients, message, {Via::Mx, to.name()}, {}, {}, message->envelope.priority};
    const auto admission = scheduler_->admit(lane, to.key(), job, 0, now);
    if (admission == Scheduler::Admission::Queued) return;
    if (const auto* last = scheduler_->last_failure(to.key()); admission == Scheduler::Admission::Down && last != nullptr)
      finish(*message, same_for_all(recipients, *last), to.key());
    else
      defer_untried(message->ref.id, recipients, to.key());
  }
  void defer_untried(const TraceId& id, const std::vector<std::uint32_t>& recipients, const std::string& key) {
    for (const auto index : recipients) {
      auto& schedule = spool.at(id).open.at(index);
      schedule.destination = key;
      schedule.failure_class = static_cast<std::uint8_t>(FailureClass::Transient);
      schedule.next_due = now + std::chrono::minutes{1};
      spool.at(id).fresh.erase(index);
      scheduler_->defer(key, {id, index}, schedule.next_due, WallTime::max(), spool.at(id).message->envelope.priority);
    }
  }

  void start_slots() {
    while (auto slot = scheduler_->next()) {
      const auto number = ++next_slot_;
      begin_work(slot->destination);
      slots_[number].slot = std::move(*slot);
      go_on(number);
    }
  }
  void after(Duration wait, std::uint64_t number, void (Simulation::*step)(std::uint64_t)) {
    at(now + std::chrono::duration_cast<std::chrono::microseconds>(wait), [this, number, step, life = life_] {
      if (life == life_) (this->*step)(number);
    });
  }
  void go_on(std::uint64_t number) {
    auto& running = slots_.at(number);
    for (;;) {
      if (watches_urgency) urgency.look(*scheduler_, running.slot);
      auto job = scheduler_->take(running.slot);
      if (!job) break;
      if (watches_urgency) urgency.taken(*job);
      if (!job->message) {
        const auto found = spool.find(job->ref.id);
        std::erase_if(job->recipients, [&](std::uint32_t index) {
          const bool over = found == spool.end() || !found->second.open.contains(index);
          if (over) scheduler_->disclaim(job->ref.id, index);
          return over;
        });
        if (job->recipients.empty()) {
          scheduler_->probe_is_gone(running.slot.destination);
          continue;
        }
        job->message = read(job->ref.id);
        scheduler_->names_domain(running.slot.destination, job->message->recipient(job->recipients.front()).address.domain);
      }
      running.job = std::move(*job);
      running.peer = &peer(running.job.message->recipient(running.job.recipients.front()).address.domain);
      if (running.connected) return begin_transaction(number);
      const auto connected = running.peer->connect(steady(), scheduler_->preferred_host(running.slot.destination));
      running.host = connected.host;
      running.connected = connected.ready;
      running.connecting = !connected.ready;
      if (connected.ready) return after(connected.took, number, &Simulation::session_ready);
      failures_[number] = connected.failed;
      return after(connected.took, number, &Simulation::session_failed);
    }
    give_up_slot(number);
  }
  void give_up_slot(std::uint64_t number) {
    auto& running = slots_.at(number);
    hang_up(running);
    end_work(running.slot.destination);
    scheduler_->release(running.slot, now);
    slots_.erase(number);
  }
  void hang_up(Running& running) {
    if (!running.connected) return;
    running.peer->hang_up();
    running.connected = false;
    scheduler_->session_closed(running.slot.destination);
  }
  void session_ready(std::uint64_t number) {
    const auto& key = slots_.at(number).slot.destination;
    if (is_down(key)) silences_[key].until = now;
    scheduler_->session_opened(key, now);
    begin_transaction(number);
  }
  void session_failed(std::uint64_t number) {
    auto& running = slots_.at(number);
    const Attempt failed = failures_.at(number);
    failures_.erase(number);
    std::vector<RemoteJob> untried;
    const std::string key = running.slot.destination;
    running.connecting = false;
    const auto setback = scheduler_->session_failed(key, failed, now, connections(key), untried);
    const bool down = setback == Scheduler::Setback::Down;
    if (down) silences_[key] = {failed.failure, now};
    if (setback == Scheduler::Setback::TurnedAway) {
      ++turned_away;
      if (scheduler_->take_back(running.slot, running.job)) return give_up_slot(number);
      ++turned_away_for_good;
    }
    ++attempts;
    finish(*running.job.message, same_for_all(running.job.recipients, failed), key);
    for (auto& job : untried) finish(job.message ? *job.message : *read(job.ref.id), same_for_all(job.recipients, failed), key);
    if (down)
      for (const auto& one : scheduler_->take_expired(key, now)) give_up_expired(one, failed, key);
    go_on(number);
  }
  // As Delivery::give_up_expired().
  void give_up_expired(const DeferredIndex::Due& one, const Attempt& failed, const std::string& key) {
    const auto message = read(one.entry.message);
    const auto& schedule = message->history.at(one.entry.recipient);
    const auto end = period_end_after(failed.failure, settings_.retry, ruled_by(*message, schedule), schedule, stood_still(key, schedule.first_failed, now));
    if (end > now) return scheduler_->defer(key, one.entry, one.due, end, one.priority);
    finish(*message, same_for_all({one.entry.recipient}, failed), key);
    if (spool.at(one.entry.message).open.contains(one.entry.recipient)) ++counted_untried;
  }
  void begin_transaction(std::uint64_t number) {
    auto& running = slots_.at(number);
    running.in_transaction = true;
    auto answered = running.peer->deliver(steady(), *running.job.message, running.job.recipients, running.host);
    const auto took = answered.took;
    answers_[number] = std::move(answered);
    after(took, number, &Simulation::transaction_over);
  }
  void transaction_over(std::uint64_t number) {
    auto& running = slots_.at(number);
    running.in_transaction = false;
    auto answered = std::move(answers_.at(number));
    answers_.erase(number);
    ++attempts;
    scheduler_->concluded(running.slot.destination, *running.job.message, answered.attempts, answered.took, now);
    finish(*running.job.message, answered.attempts, running.slot.destination);
    if (answered.cut) hang_up(running);
    go_on(number);
  }

  // As Delivery does, with the real conclude().
  void finish(const Message& message, const std::vector<Attempt>& what, const std::string& key) {
    ConclusionContext context{settings_.retry.base, now, key, [&](std::uint32_t, WallTime from) { return stood_still(key, from, now); }};
    context.rules_for = [&](std::uint32_t recipient) { return settings_.retry.rules_for(message.recipient(recipient).address.domain, key); };
    context.wait_for = [&](const Attempt& attempt, Duration elapsed) { return scheduler_->wait_for(key, attempt, elapsed, now); };
    const auto conclusion = conclude(message, what, context);
    auto& stored = spool.at(message.ref.id);
    for (const auto& outcome : conclusion.outcomes) {
      const Id id{message.ref.id, outcome.recipient};
      ends[id] = outcome.outcome;
      ended_at[id] = now;
      if (outcome.outcome == spool::Outcome::Expired) judge_end(stored.open.at(outcome.recipient), message, what, outcome.recipient, key);
      before_[id] = {stored.open.at(outcome.recipient), stored.fresh.contains(outcome.recipient)};
      stored.open.erase(outcome.recipient);
      stored.fresh.erase(outcome.recipient);
      unflushed_.push_back({id, steady()});
      if (unflushed_.size() > 200) unflushed_.pop_front();
      scheduler_->disclaim(message.ref.id, outcome.recipient);
    }
    for (const auto& schedule : conclusion.schedules) {
      if (schedule.attempts == 1) truly_first_failed_[{message.ref.id, schedule.recipient}] = steady();
      stored.open[schedule.recipient] = schedule;
      stored.fresh.erase(schedule.recipient);
      scheduler_->defer(key, {message.ref.id, schedule.recipient}, schedule.next_due, give_up_at(message, schedule), message.envelope.priority);
    }
  }
  // Exactly at expiry: not before the period is full, and not long after it.
  void judge_end(const spool::Schedule& before, const Message& message, const std::vector<Attempt>& what, std::uint32_t recipient, const std::string& key) {
    const auto last = std::ranges::find(what, recipient, &Attempt::recipient);
    const RuledBy by = ruled_by(message, before);
    const auto period = period_of(settings_.retry.rules_for(by.domain, key), last->failure, by.kind);
    const Duration elapsed = (now - before.first_failed) - stood_still(key, before.first_failed, now);
    if (before.attempts == 0 || !period || elapsed < *period) ++early_ends;
    else judge_late(before, by, *last, key);
    if (!period) return;
    const WallTime failed = truly_first_failed_.at({message.ref.id, recipient});
    const Duration truly = (steady() - failed) - covered(true_pauses_, failed, steady());
    if (truly < *period) ++truly_early;
    else latest_end = std::max(latest_end, truly - *period);
  }
  // After the later of the ends that its last two failures make; and while its host was silent, which no attempt of its own tells, up to the end
  // that the silence makes. Where nothing answers a probe comes at the end, ten seconds after
  // the one before, and takes half a minute; at a host that answers it may wait for its turn: while others have theirs (a tarpit with
  // a backlog makes that long), and for a while besides.
  void judge_late(const spool::Schedule& before, const RuledBy& by, const Attempt& last, const std::string& key) {
    constexpr Duration probe = std::chrono::seconds{41}, turn = std::chrono::hours{3};
    const auto still = stood_still(key, before.first_failed, now);
    const auto end_after = [&](FailureClass failure) { return period_end_after(failure, settings_.retry, by, before, still); };
    auto end = std::max(period_end(settings_.retry, by, before, still), end_after(last.failure));
    if (const auto silence = silences_.find(key); silence != silences_.end()) end = std::max(end, std::min(end_after(silence->second.failure), silence->second.until));
    if (is_down(key) ? now - std::max(end, scheduler_->view(key, now)->since) > probe : (now - end) - worked(key, end) > turn) ++late_ends;
  }
  [[nodiscard]] bool is_down(const std::string& key) const { return scheduler_->health(key) == Health::Down; }
  // The last one of a destination: what its probes said, and when it answered again.
  struct Silence {
    FailureClass failure = FailureClass::NoAnswer;
    WallTime until{};
  };
  // When something was under way for a destination, by the steady clock; short gaps are none.
  struct Work {
    std::uint32_t under_way = 0;
    Pauses spans;
  };
  void begin_work(const std::string& key) {
    auto& work = work_[key];
    if (work.under_way++ > 0) return;
    if (work.spans.empty() || steady() - work.spans.back().second > std::chrono::seconds{1}) work.spans.emplace_back(steady(), steady());
  }
  void end_work(const std::string& key) {
    auto& work = work_.at(key);
    if (--work.under_way == 0) work.spans.back().second = steady();
  }
  [[nodiscard]] Duration worked(const std::string& key, WallTime from) const {
    const auto found = work_.find(key);
    if (found == work_.end()) return {};
    auto spans = found->second.spans;
    if (found->second.under_way > 0) spans.back().second = steady();
    return covered(std::move(spans), from - set_by, steady());
  }
  void undo(const Id& id) {
    const auto& [schedule, fresh] = before_.at(id);
    auto& stored = spool.at(id.first);
    stored.open[id.second] = schedule;
    if (fresh) stored.fresh.insert(id.second);
    ends.erase(id);
    may_repeat.insert(id);
  }

  SchedulerSettings settings_;
  std::unique_ptr<Scheduler> scheduler_;
  bool running_ = false;
  std::optional<WallTime> stopped_at_;
  WallTime truly_stopped_{};
  Pauses true_pauses_;
  std::map<Id, WallTime> truly_first_failed_;
  WallTime next_tend_{};
  std::multimap<std::pair<WallTime, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t order_ = 0, sequence_ = 0, next_slot_ = 0, life_ = 0;
  std::map<std::uint64_t, Running> slots_;
  std::map<std::uint64_t, Attempt> failures_;
  std::map<std::uint64_t, Peer::Answered> answers_;
  std::map<std::string, Work> work_;
  std::map<std::string, Silence> silences_;
  std::map<std::string, Pauses> holds_;
  std::deque<std::pair<Id, WallTime>> unflushed_;
  std::map<Id, std::pair<spool::Schedule, bool>> before_;
};

}  // namespace hikyaku::delivery::simulation
