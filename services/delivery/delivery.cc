#include "services/delivery/delivery.h"

#include <map>

#include "services/delivery/basis.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t fresh_at_once = 256;
constexpr std::size_t recipients_of_a_job = 100;
constexpr std::size_t recipients_of_a_step = 500;
constexpr Duration look_again = 1s;
constexpr Duration window_pause = 10ms;
constexpr auto wait_for_a_turn = std::chrono::minutes{1}, trouble_told_each = std::chrono::minutes{1};
constexpr Duration long_run = 15s;
constexpr std::uint32_t sessions_that_share_writes = 8;
constexpr Duration patience_of_others = 30s;  // more than a server that greets late on purpose takes
constexpr std::uint64_t most_learned_octets = 16 << 20;
constexpr Duration directory_settles = 3s;  // a reader's snapshot is at most a second old (services/directory)

// A next hop that an operator gave this recipient goes before all routes.
std::optional<RecipientPlan> chosen_by_operator(const Message& message, std::uint32_t recipient) {
  const auto known = message.history.find(recipient);
  if (known == message.history.end() || known->second.via.empty()) return std::nullopt;
  const auto hop = parse_chosen_hop(known->second.via);
  return hop ? std::optional<RecipientPlan>(ToNextHop{*hop}) : std::nullopt;
}

OnwardPlan onward_plan(RecipientPlan plan) {
  if (auto* forwards = std::get_if<ToForwards>(&plan)) return std::move(*forwards);
  if (auto* list = std::get_if<ToList>(&plan)) return std::move(*list);
  return std::move(std::get<ToTargets>(plan));
}

}  // namespace

Delivery::Delivery(Parts parts, std::function<DeliverySettings()> settings)
    : parts_(std::move(parts)), current_settings_(std::move(settings)), settings_(current_settings_()),
      in_hand_([this](const DeferredEntry& entry) { scheduler_.disclaim(entry.message, entry.recipient); }), sessions_(parts_.loop), asking_sessions_(parts_.loop, 5s, 20),
      settler_(parts_.loop, parts_.workers, parts_.spool, parts_.flusher, parts_.log,
               [this] { return scheduler_.slots_in_use() >= sessions_that_share_writes; }),
      local_({parts_.loop, parts_.workers, parts_.spool, parts_.mailboxes, parts_.directory, parts_.log, parts_.clock,
              parts_.quotas, &in_hand_},
             parts_.local_accounts_at_once,
             [this](const LocalJob& job) {
               return time_of(*job.message, job.recipient, "local:" + job.target.address.domain, job.spent, parts_.clock.wall());
             },
             [this](const LocalJob& job, Attempt attempt) {
               parts_.loop.spawn(finish_local(job, std::move(attempt)));
             }) {
  take_settings();
  planned_holds_ = PlannedHolds(parts_.ledger.alive_before());  // after a crash up to ten seconds early: told twice rather than never
  if (parts_.disk == nullptr) return;
  if (const auto learned = io::read_file(*parts_.disk, parts_.learned_path, most_learned_octets))
    scheduler_.greylists() = GreylistMemory::decode(*learned);
}

void Delivery::start(Bell heard) {
  parts_.spool.set_trouble_watch([this](const spool::SpoolError& error) { tell_trouble_of_journals(error); });
  parts_.loop.spawn(load_deferred(), io::Precedence::Background);
  parts_.loop.spawn(run());
  parts_.loop.spawn(listen(std::move(heard)));
  parts_.loop.spawn(watch_timers(), io::Precedence::Background);
  parts_.loop.spawn(tell_delays());
  parts_.loop.spawn(watch_deadlines());
  parts_.loop.spawn(tend());
  parts_.loop.spawn(tend_slowly());
}

// One that cannot be read says so with each look for fresh mail: told once a minute. On a worker or on the loop, while only one looks.
void Delivery::tell_trouble_of_journals(const spool::SpoolError& error) {
  const auto now = parts_.clock.wall();
  std::erase_if(troubles_told_, [&](const auto& one) { return now < one.second || now - one.second >= trouble_told_each; });
  if (troubles_told_.try_emplace(error.what, now).second) parts_.log.write(telemetry::events::storage_trouble, {.text = error.kind == spool::SpoolFailure::Gone ? "gone" : "", .reason = error.what});
}

bool Delivery::idle() const {
  return scheduler_.slots_in_use() == 0 && local_.waiting() == 0 && finishing_ == 0 && settler_.idle();
}

Task<void> Delivery::stop(Deadline deadline) {
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

Task<void> Delivery::listen(Bell heard) {
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

Task<void> Delivery::run() {
  while (!stopping_ && !parts_.loop.stopping()) {
    const std::size_t limit = std::min(room(Lane::Fresh), fresh_at_once);
    std::size_t taken = 0;
    rung_ = false;
    in_hand_.forget([this](const DeferredEntry& entry) { return scheduler_.claimed(entry); });
    if (limit > 0) {
      auto work = parts_.workers.run(parts_.loop, [&, limit] { return parts_.spool.fresh(limit); });
      auto fresh = co_await std::move(work);
      if (fresh && !*fresh) tell_trouble_of_journals(fresh->error());
      if (fresh && *fresh) {
        taken = (*fresh)->size();
        for (auto& one : **fresh) {
          if (!one.damage.empty()) {
            end_unreadable(std::move(one));
            continue;
          }
          std::vector<std::uint32_t> recipients;
          std::vector<std::uint32_t> verified;
          bool told = true;
          for (const auto& open : one.open) {
            recipients.push_back(open.index);
            told = told && (open.told & spool::deadline_told_bit) != 0;
            if (open.delivery == spool::Delivery::Verify) verified.push_back(open.index);
            scheduler_.claim(one.ref.id, open.index);
          }
          const auto message = hold({std::move(one.ref), std::move(one.envelope), {}, std::move(verified)}, Lane::Fresh);
          if (!told) watch_fresh(*message);
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
  std::vector<std::uint32_t> early;
  KeptBackParts kept;
  for (const auto index : recipients) {
    if (in_hand_.left(*message, index)) continue;
    if (waits_for_release(*message, index)) {
      early.push_back(index);
      continue;
    }
    const auto before = message->history.find(index);
    const std::uint32_t failures = before == message->history.end() ? 0 : before->second.attempts;
    auto plan = chosen_by_operator(*message, index);
    if (!plan) plan = plan_recipient(*directory, settings_.routing, {message->envelope.reverse_path, message->recipient(index), failures, targets_looked_up_on_a_loop, &message->envelope});
    if (message->envelope.deliver_by && give_back_late(message, {index}, before == message->history.end() ? destination_of(*plan) : before->second.destination, parts_.clock.wall())) continue;
    if (const auto* held = hold_on(*directory, *message, index, *plan)) {
      add_kept(kept, *held, destination_of(*plan), index);
    } else if (auto* mailbox = std::get_if<ToMailbox>(&*plan)) {
      tell_lost(*message, index, mailbox->lost);
      local_.add({message, index, std::move(mailbox->target), {}});
    } else if (auto* hop = std::get_if<ToNextHop>(&*plan)) {
      const auto key = hop->hop.key();
      auto& job = remote.try_emplace(key, RemoteJob{message->ref, {}, message, hop->hop, {}, {}, message->envelope.priority}).first->second;
      job.recipients.push_back(index);
      if (job.recipients.size() < recipients_of_a_job) continue;
      enqueue(lane, std::move(job));
      remote.erase(key);
    } else if (goes_on(*plan)) {
      parts_.loop.spawn(expand(message, index, onward_plan(std::move(*plan))));
    } else if (was_just_accepted(*message)) {
      // Reception knew the recipient a moment ago: our own snapshot may be the older one. Look again before judging.
      parts_.loop.spawn(dispatch_later(message, {index}, lane));
    } else {
      const auto& cannot = std::get<CannotDeliver>(*plan);
      parts_.loop.spawn(finish(message, {{index, AttemptResult::Failed, FailureClass::Refused, cannot.status, "",
                                          cannot.explanation, "", ""}}, "local:" + message->recipient(index).address.domain));
    }
  }
  for (auto& [key, job] : remote) enqueue(lane, std::move(job));
  if (!early.empty()) parts_.loop.spawn(keep_until_release(message, std::move(early)));
  if (!kept.empty()) keep_back(message, std::move(kept));
}

// A moment ago; not what a clock that was ahead has stamped, which would look new for as long.
bool Delivery::was_just_accepted(const Message& message) const {
  const auto age = parts_.clock.wall() - message.envelope.accepted_at;
  return age < directory_settles && age > -directory_settles;
}

// Nobody else would learn of it: the sender's mail arrived, and the operator sees no failure.
void Delivery::tell_lost(const Message& message, std::uint32_t recipient, const std::string& why) {
  if (why.empty()) return;
  const std::string alias = message.recipient(recipient).address.text();
  parts_.log.write(telemetry::events::alias_target_lost, {.message = message.ref.id, .recipient = alias, .reason = why});
}

// Many recipients in several steps of the loop: others have theirs between.
Task<void> Delivery::dispatch_all(MessagePointer message, std::vector<std::uint32_t> recipients, Lane lane) {
  for (std::span<const std::uint32_t> left = recipients; !left.empty();) {
    const auto some = left.first(std::min(left.size(), recipients_of_a_step));
    left = left.subspan(some.size());
    dispatch(message, some, lane);
    if (left.empty()) break;
    pump();
    co_await parts_.loop.yield();
  }
}

Task<void> Delivery::dispatch_later(MessagePointer message, std::vector<std::uint32_t> recipients, Lane lane) {
  const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(1s));
  if (outcome == io::Wake::Cancelled || stopping_) co_return;
  auto dispatching = dispatch_all(message, std::move(recipients), lane);
  co_await std::move(dispatching);
  pump();
}

void Delivery::enqueue(Lane lane, RemoteJob job) {
  const auto destination = known_destination(job.hop);
  if (destination) admit(lane, *destination, std::move(job));
  else enqueue_when_known(lane, std::move(job));
}

void Delivery::admit(Lane lane, const std::string& destination, RemoteJob job) {
  if (leave_held(job, destination)) return;  // by an MX host, which the plan did not know yet
  if (wanted_.job != nullptr && wanted_.job->recipients.empty() && *wanted_.destination == destination) {
    *wanted_.job = std::move(job);
    return;
  }
  const MessagePointer message = job.message;
  const auto admission = scheduler_.admit(lane, destination, job, *messages_[static_cast<std::size_t>(lane)], parts_.clock.wall());
  if (admission == Scheduler::Admission::Queued) return;
  // A destination known to be down gets its fresh mail when it answers again.
  if (const auto* last = scheduler_.last_failure(destination); admission == Scheduler::Admission::Down && last != nullptr)
    parts_.loop.spawn(finish(message, same_for_all(job.recipients, *last), destination));
  else
    parts_.loop.spawn(defer_untried(message, std::move(job.recipients), destination, "much mail waits for this destination"));
}

// More waits than memory shall hold: it waits in holding, untried and without a period that runs.
Task<void> Delivery::defer_untried(MessagePointer message, std::vector<std::uint32_t> recipients, std::string destination, std::string_view why) {
  const InHand::Busy busy(in_hand_, *message, recipients);
  if (recipients.empty()) co_return;
  ++finishing_;
  std::vector<spool::Schedule> schedules;
  for (const auto recipient : recipients) {
    const auto before = message->history.find(recipient);
    spool::Schedule schedule = before == message->history.end() ? spool::Schedule{} : before->second;
    schedule.recipient = recipient;
    schedule.destination = destination;
    schedule.next_due = parts_.clock.wall() + wait_for_a_turn;
    if (schedule.attempts == 0) {
      schedule.failure_class = static_cast<std::uint8_t>(FailureClass::Transient);
      schedule.last_reply = "It waits for its turn: " + std::string(why) + ".";
    }
    schedules.push_back(std::move(schedule));
  }
  auto deferring = settler_.defer({message->ref, schedules, {}, basis_of(*message, schedules)});
  const auto ending = co_await std::move(deferring);
  if (ending == Settler::Ending::Written) deferred_untried(*message, schedules, destination);
  else if (ending == Settler::Ending::Overtaken) parts_.loop.spawn(dispatch_again(message, recipients));
  else if (ending == Settler::Ending::Over)
    for (const auto recipient : recipients) scheduler_.disclaim(message->ref.id, recipient);
  else if (ending == Settler::Ending::Impossible)
    give_back_damaged(message, schedules, destination, "it cannot be kept until its turn");
  else if (ending != Settler::Ending::Stopped)
    parts_.loop.spawn(dispatch_later(message, recipients, Lane::Fresh));
  --finishing_;
}

void Delivery::take_settings() {
  settings_ = current_settings_();
  local_.when_full(settings_.when_full);
  SchedulerSettings to;
  to.lanes = settings_.lanes;
  to.retry = settings_.retry;
  to.limits = settings_.limits;
  to.sources = settings_.sources;
  to.window_messages = settings_.window_messages;
  scheduler_.configure(std::move(to));
}

Task<void> Delivery::tend() {
  while (!parts_.loop.stopping()) {
    const bool rules_change = !(settings_.retry == current_settings_().retry);
    take_settings();
    if (rules_change) parts_.loop.spawn(load_deferred(), io::Precedence::Background);  // what is queued has the new periods at once
    sessions_.tend(stopping_);
    asking_sessions_.tend(stopping_);
    for (const auto& [number, run] : running_)
      if (run.peer_since < parts_.loop.now() - long_run) scheduler_.runs_long(run.destination);
    give_slots_back();
    scheduler_.tend(parts_.clock.wall());
    auto following = follow_holds();
    co_await std::move(following);
    follow_routes();
    if (!in_hand_.idle()) parts_.loop.spawn(take_orphans());
    wake_timers();
    pump();
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(1s));
    if (outcome == io::Wake::Cancelled) break;
  }
}

// Hosts nobody knows yet get a slot each; should they all turn out to be tarpits, they would have a lane to themselves.
void Delivery::give_slots_back() {
  for (const Lane lane : {Lane::Fresh, Lane::Retry}) {
    if (!scheduler_.is_crowded(lane)) continue;
    std::vector<CauseWatch*> slow;  // the oldest first, as they are numbered
    for (const auto& [number, run] : running_)
      if (run.lane == lane && run.watch->can_end() && run.peer_since < parts_.loop.now() - patience_of_others) slow.push_back(run.watch);
    const std::size_t keep = std::max(1U, scheduler_.slots_of(lane) / 2);
    for (std::size_t n = 0; n + keep < slow.size(); ++n) slow[n]->end_early();
  }
}

// What blocks, every ten seconds.
Task<void> Delivery::tend_slowly() {
  while (!parts_.loop.stopping()) {
    auto work = parts_.workers.run(parts_.loop, [this, looked = look_at_planned()] { return parts_.ledger.seen_alive(looked); });
    const auto ran = co_await std::move(work);
    if (ran && !*ran) parts_.log.write(telemetry::events::storage_trouble, {.reason = ran->error().what});
    auto keeping = keep_what_was_learned();
    co_await std::move(keeping);
    check_owners();
    std::erase_if(changed_, [this](const auto& one) { return !scheduler_.claimed(one.first); });
    auto checking = check_spool_owners();
    co_await std::move(checking);
    auto proposing = propose();
    co_await std::move(proposing);
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(10s));
    if (outcome == io::Wake::Cancelled) break;
  }
}

// Lost in a crash, it is learned again: a file replaced now and then is enough.
Task<void> Delivery::keep_what_was_learned() {
  if (parts_.disk == nullptr) co_return;
  auto learned = scheduler_.greylists().encode();
  if (learned == kept_) co_return;
  kept_ = std::move(learned);
  auto work = parts_.workers.run(parts_.loop, [this] { return io::replace_file(*parts_.disk, parts_.learned_path, kept_); });
  const auto ran = co_await std::move(work);
  if (ran && !*ran) parts_.log.write(telemetry::events::storage_trouble, {.reason = ran->error().what});
}


}  // namespace hikyaku::delivery
