// Lanes: which destination may use the next free delivery slot. Fresh mail never waits for retries: each lane has a
// reserved share of all slots and of each destination's: half of these while fresh mail waits there, else what set_limit()
// leaves it. In a lane the destinations take turns; light mail (one to one)
// overtakes heavy mail (large mailings), four to one at most; and no destination takes more of what is free than leaves
// room for others: slow ones together at most half of a lane, these and who has not answered three quarters. Of one destination's
// mail the more urgent goes first. Destinations that share one of our addresses share its limit.
//
// A pure data structure: no clock, no I/O; every operation is O(1) amortised, whatever waits. Who tells it the time (at())
// is told of each job what it waited for: the destination's own limit, a shut lane, or else a slot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/delivery/destination_queue.h"
#include "services/delivery/source_limits.h"

namespace hikyaku::delivery {

struct LaneLimits {
  std::uint32_t slots = 100;              // parallel deliveries in all
  std::uint32_t reserved_fresh = 50;      // of those never used by retries
  std::uint32_t reserved_retry = 10;      // of those never used by fresh mail
  std::uint32_t per_destination = 20;     // parallel deliveries to one destination; half of them at most for retries while fresh mail waits
  friend bool operator==(const LaneLimits&, const LaneLimits&) = default;
};

// `Job` is whatever the caller queues; it is moved in and out untouched.
template <class Job>
class Lanes {
 public:
  static constexpr std::uint32_t light_before_heavy = 4;  // light jobs that may overtake a heavy one that waits
  static constexpr std::uint32_t jobs_of_a_turn = 20;     // after that a slot is given up where others wait for one

  explicit Lanes(LaneLimits limits = {}) : limits_(limits) {}

  void set_limits(LaneLimits limits) {
    if (limits == limits_) return;
    limits_ = limits;
    for (auto& [destination, queue] : queues_) {
      note(queue);
      list_all(destination, queue);
    }
    for (const auto& one : std::exchange(blocked_, {})) unblock(one);
  }
  void set_source_limits(SourceLimits limits) {
    if (limits == source_limits_) return;
    source_limits_ = std::move(limits);
    for (auto& [source, one] : sources_) one.limit = source_limits_.of(source);
    for (auto& [source, one] : sources_) wake(one);
  }
  void at(WallTime now) { now_ = std::max(now_, now); }

  void add(Lane lane, const std::string& destination, Job job, Weight weight = Weight::Light, std::int8_t priority = 0) {
    auto& queue = queues_[destination];
    if (queue.sources.empty())
      for (auto& source : sources_of(destination)) queue.sources.push_back(&source_named(std::move(source)));
    note(queue);
    queue.waiting[index(lane)][index(weight)].push(priority, queue.waiting_since(std::move(job), lane, now_));
    ++waiting_[index(lane)];
    list(lane, weight, destination, queue);
  }

  struct Slot {
    Lane lane;
    std::string destination;
    Weight weight = Weight::Light;
    std::uint32_t taken = 0;  // jobs
    LaneWait waited{};        // of the job taken last
  };

  // Takes a slot for the destination whose turn it is, or nothing while limits bind or nothing waits. The holder calls
  // take_job() as long as it gets some, then release().
  std::optional<Slot> next() {
    for (const Lane lane : {Lane::Fresh, Lane::Retry}) {
      if (free_slots(lane) == 0) continue;
      for (const Speed speed : {Speed::Unproven, Speed::Slow}) let_one_go_on(speed, lane);
      // As often as there are turns: one that is blocked waits until a slot is given up, one apart until there is room for such as it.
      for (std::size_t turns = turn_[index(lane)][0].size() + turn_[index(lane)][1].size(); turns > 0; --turns) {
        if (free_slots(lane) == 0) break;
        if (turn_[index(lane)][0].empty() && heavy_is_full(lane)) break;  // one that is released lets the next begin
        const Weight weight = whose_turn(lane);
        auto& turn = turn_[index(lane)][index(weight)];
        std::string destination = std::move(turn.front());
        turn.pop_front();
        auto& queue = queues_[destination];
        queue.listed[index(lane)][index(weight)] = false;
        const bool went_on = std::exchange(queue.went_on[index(lane)][index(weight)], false);
        if (auto* full = full_source(queue); full != nullptr && may_start(lane, weight, queue)) {
          queue.listed[index(lane)][index(weight)] = true;
          full->blocked.push_back({std::move(destination), lane, weight});
          continue;
        }
        if (!may_start(lane, weight, queue)) {  // listed again when a slot of it is released, or it is opened
          forget_if_idle(destination);
          continue;
        }
        if (is_full(queue.speed, lane)) {
          auto& apart = apart_[index(queue.speed)][index(lane)];
          if (went_on) apart.push_front({destination, lane, weight});  // another was faster: it keeps its place
          else apart.push_back({destination, lane, weight});
          queue.listed[index(lane)][index(weight)] = queue.apart[index(lane)][index(weight)] = true;
          ++apart_now_[index(lane)];
          for (auto* source : queue.sources) wake(*source);
          continue;
        }
        if (!leaves_room(lane, queue)) {
          blocked_.push_back({destination, lane, weight});
          queue.listed[index(lane)][index(weight)] = true;
          for (auto* source : queue.sources) wake(*source);  // others may use what it does not
          continue;
        }
        const Slot slot{lane, std::move(destination), weight, 0, {}};
        count(slot, queue, +1);
        list(lane, weight, slot.destination, queue);
        light_turns_[index(lane)] = weight == Weight::Light ? light_turns_[index(lane)] + 1 : 0;
        return slot;
      }
    }
    return std::nullopt;
  }

  // The slot's job could not be begun: it waits again, and is the next.
  void take_back(const Slot& slot, Job job) {
    auto& queue = queues_[slot.destination];
    note(queue);
    queue.waiting[index(slot.lane)][index(slot.weight)].put_back(queue.waiting_since(std::move(job), slot.lane, now_));
    ++waiting_[index(slot.lane)];
    list(slot.lane, slot.weight, slot.destination, queue);
  }

  // The next job of the slot's destination and lane; nothing when it is empty or shut, bears fewer deliveries now, or
  // others wait for a slot and this one had its turn.
  std::optional<Job> take_job(Slot& slot) {
    const auto found = queues_.find(slot.destination);
    if (found == queues_.end() || found->second.shut[index(slot.lane)]) return std::nullopt;
    auto& queue = found->second;
    if (slot.taken > 0 && queue.used[0] + queue.used[1] > queue.limit_now(limits_.per_destination)) return std::nullopt;
    // Fresh mail came: what retries have beyond their half is given back.
    if (slot.taken > 0 && slot.lane == Lane::Retry && queue.used[index(Lane::Retry)] > queue.retries_now(limits_.per_destination)) return std::nullopt;
    if (slot.taken >= jobs_of_a_turn && free_slots(slot.lane) == 0 && others_wait(slot.lane)) return std::nullopt;
    auto& light = queue.waiting[index(slot.lane)][index(Weight::Light)];
    auto& heavy = queue.waiting[index(slot.lane)][index(Weight::Heavy)];
    const bool heavys_turn = !heavy.empty() && (slot.weight == Weight::Heavy ? light.empty() : false);
    const bool overdue = !heavy.empty() && queue.light_run[index(slot.lane)] >= light_before_heavy;
    auto& from = heavys_turn || overdue ? heavy : light;
    if (from.empty()) return std::nullopt;
    queue.light_run[index(slot.lane)] = &from == &light ? queue.light_run[index(slot.lane)] + 1 : 0;
    note(queue);
    Waiting first = from.pop();
    slot.waited = queue.waited_by(first, slot.lane);
    --waiting_[index(slot.lane)];
    ++slot.taken;
    if (slot.lane == Lane::Fresh && !queue.fresh_waits()) list_lane(Lane::Retry, slot.destination, queue);  // they may have more than half again
    return std::move(first.job);
  }

  void release(const Slot& slot) {
    auto& queue = queues_[slot.destination];
    count(slot, queue, -1);
    const auto sources = queue.sources;
    for (auto* source : sources) wake(*source);  // others of the source before this destination's next
    list_all(slot.destination, queues_[slot.destination]);
    forget_if_idle(slot.destination);
    for (const auto& one : std::exchange(blocked_, {})) unblock(one);
  }

  // Empties a lane of a destination: the caller defers what it gets.
  std::deque<Job> drain(const std::string& destination, Lane lane) {
    std::deque<Job> all;
    const auto found = queues_.find(destination);
    if (found == queues_.end()) return all;
    for (auto& queue : found->second.waiting[index(lane)]) {
      waiting_[index(lane)] -= queue.size();
      queue.for_each([&all](Waiting& one) { all.push_back(std::move(one.job)); });
      queue.clear();
    }
    forget_if_idle(destination);
    return all;
  }

  // Lets `change` see each job that waits, and takes away those that `ends` says of then.
  template <class Change, class Ends>
  void change_waiting(Change change, Ends ends) {
    std::vector<std::string> emptied;
    for (auto& [destination, queue] : queues_)
      for (const Lane lane : {Lane::Fresh, Lane::Retry})
        for (auto& jobs : queue.waiting[index(lane)]) {
          jobs.for_each([&](Waiting& one) { change(one.job); });
          const auto dropped = jobs.erase_if([&](const Waiting& one) { return ends(one.job); });
          waiting_[index(lane)] -= dropped;
          if (dropped > 0 && jobs.empty()) emptied.push_back(destination);
        }
    for (const auto& destination : emptied) forget_if_idle(destination);
  }

  // A shut lane of a destination gets no slot; what waits for it stays. `why`: for whoever asks what its mail waited for.
  void shut(const std::string& destination, Lane lane, Cause why = Cause::Hold) {
    auto& queue = queues_[destination];
    note(queue);
    queue.shut[index(lane)] = true;
    queue.shut_for[index(lane)] = why;
  }
  void open(const std::string& destination, Lane lane) {
    const auto found = queues_.find(destination);
    if (found == queues_.end()) return;
    note(found->second);
    found->second.shut[index(lane)] = false;
    list_all(destination, found->second);
    forget_if_idle(destination);
  }
  // How many deliveries the destination bears; 0: per_destination of the limits. `retries`: how many of them may be retries while
  // no fresh mail waits for it; 0: half. Forgotten with the last job: say it again.
  void set_limit(const std::string& destination, std::uint32_t limit, std::uint32_t retries = 0) {
    const auto found = queues_.find(destination);
    if (found == queues_.end() || (found->second.limit == limit && found->second.retries == retries)) return;
    note(found->second);
    found->second.limit = limit;
    found->second.retries = retries;
    list_all(destination, found->second);
  }
  // Counts at once, also for the slots it has. Forgotten with the last job.
  void set_speed(const std::string& destination, Speed speed) {
    const auto found = queues_.find(destination);
    if (found == queues_.end() || found->second.speed == speed) return;
    auto& queue = found->second;
    note(queue);
    const auto before = std::exchange(queue.speed, speed);
    for (const Lane lane : {Lane::Fresh, Lane::Retry}) {
      speed_used_[index(before)][index(lane)] -= queue.used[index(lane)];
      speed_used_[index(speed)][index(lane)] += queue.used[index(lane)];
      for (const Weight weight : {Weight::Light, Weight::Heavy})
        if (std::exchange(queue.apart[index(lane)][index(weight)], false)) queue.listed[index(lane)][index(weight)] = false, --apart_now_[index(lane)];
    }
    list_all(destination, queue);
  }
  // Whether jobs wait though they may start, for want of slots or of room for such as theirs.
  [[nodiscard]] bool is_crowded(Lane lane) const {
    return waiting(lane) > 0 && (free_slots(lane) == 0 || apart_now_[index(lane)] > 0);
  }

  [[nodiscard]] std::size_t waiting(Lane lane) const { return waiting_[index(lane)]; }
  [[nodiscard]] std::uint32_t used(Lane lane) const { return used_[index(lane)]; }
  [[nodiscard]] std::size_t waiting_for(const std::string& destination, Lane lane) const {
    const auto found = queues_.find(destination);
    if (found == queues_.end()) return 0;
    const auto& waiting = found->second.waiting[index(lane)];
    return waiting[0].size() + waiting[1].size();
  }
  [[nodiscard]] std::size_t waiting_for(const std::string& destination) const {
    return waiting_for(destination, Lane::Fresh) + waiting_for(destination, Lane::Retry);
  }
  [[nodiscard]] std::uint32_t used_for(const std::string& destination) const {
    const auto found = queues_.find(destination);
    return found == queues_.end() ? 0 : found->second.used[0] + found->second.used[1];
  }
  [[nodiscard]] std::size_t destinations() const { return queues_.size(); }
  template <class Visit>
  void for_each_waiting(Visit visit) const {
    for (const auto& [destination, queue] : queues_)
      for (const auto& lane : queue.waiting)
        for (const auto& jobs : lane) jobs.for_each([&](const Waiting& one) { visit(destination, one.job); });
  }
  // Of one queue, in no order: visit(job, since).
  template <class Visit>
  void for_each_waiting(const std::string& destination, Lane lane, Weight weight, Visit visit) const {
    const auto found = queues_.find(destination);
    if (found != queues_.end()) found->second.waiting[index(lane)][index(weight)].for_each([&](const Waiting& one) { visit(one.job, one.since); });
  }
  // What the first job that `matches` has waited for, until anything changed last; nothing: none waits.
  template <class Matches>
  [[nodiscard]] std::optional<LaneWait> waited(const std::string& destination, Lane lane, Matches matches) const {
    const auto found = queues_.find(destination);
    if (found == queues_.end()) return std::nullopt;
    const auto& queue = found->second;
    std::optional<LaneWait> found_one;
    for (const auto& jobs : queue.waiting[index(lane)])
      jobs.for_each([&](const Waiting& one) {
        if (!found_one && matches(one.job)) found_one = queue.waited_by(one, lane);
      });
    return found_one;
  }
  // Why the destination's mail of the lane gets no slot now.
  [[nodiscard]] Cause waits_for(const std::string& destination, Lane lane) const {
    const auto found = queues_.find(destination);
    if (found == queues_.end()) return Cause::Slot;
    if (found->second.shut[index(lane)]) return found->second.shut_for[index(lane)];
    return found->second.is_at_limit(lane, limits_.per_destination) ? Cause::Rate : Cause::Slot;
  }
  // The most slots the lane may use.
  [[nodiscard]] std::uint32_t share(Lane lane) const {
    const auto reserved = lane == Lane::Fresh ? limits_.reserved_retry : limits_.reserved_fresh;
    return limits_.slots > reserved ? limits_.slots - reserved : 1;
  }
  // Slots that the lane could still take, whatever the destinations bear.
  [[nodiscard]] std::uint32_t free(Lane lane) const { return free_slots(lane); }

 private:
  using Queue = DestinationQueue<Job>;
  using Waiting = typename Queue::Waiting;
  using Blocked = LaneTurn;
  using Source = LaneSource;

  [[nodiscard]] std::uint32_t free_slots(Lane lane) const {
    const auto mine = share(lane) > used_[index(lane)] ? share(lane) - used_[index(lane)] : 0;
    const auto all = limits_.slots > used_[0] + used_[1] ? limits_.slots - used_[0] - used_[1] : 0;
    return std::min(mine, all);
  }
  void note(Queue& queue) { queue.note(now_, limits_.per_destination); }
  [[nodiscard]] bool may_start(Lane lane, Weight weight, const Queue& queue) const { return queue.may_start(lane, weight, limits_.per_destination); }

  void count(const Slot& slot, Queue& queue, int step) {
    const auto add = [step](std::uint32_t& number) { number = step > 0 ? number + 1 : number - 1; };
    note(queue);
    add(queue.used[index(slot.lane)]);
    add(used_[index(slot.lane)]);
    if (slot.weight == Weight::Heavy) add(heavy_used_[index(slot.lane)]);
    add(speed_used_[index(queue.speed)][index(slot.lane)]);
    for (auto* source : queue.sources) add(source->used);
  }

  Source& source_named(std::string name) {
    const auto found = sources_.find(name);
    if (found != sources_.end()) return found->second;
    auto& made = sources_[name];  // a node's place is steady
    made.limit = source_limits_.of(name);
    return made;
  }
  [[nodiscard]] static Source* full_source(const Queue& queue) {
    for (auto* source : queue.sources)
      if (source->room() == 0) return source;
    return nullptr;
  }
  // As many as there is room for get their turn again.
  void wake(Source& source) {
    for (auto room = source.room(); room > 0 && !source.blocked.empty();) {
      const Blocked one = std::move(source.blocked.front());
      source.blocked.pop_front();
      auto& queue = queues_[one.destination];
      queue.listed[index(one.lane)][index(one.weight)] = false;
      list(one.lane, one.weight, one.destination, queue);
      if (queue.listed[index(one.lane)][index(one.weight)]) --room;
      forget_if_idle(one.destination);
    }
  }
  // A destination takes at most twice what it leaves free; heavy mail four fifths of a lane, slow destinations half of it, and these
  // with unproven ones three quarters: whoever answers always finds a slot.
  [[nodiscard]] bool leaves_room(Lane lane, const Queue& queue) const {
    const auto used = queue.used[index(lane)];
    return used == 0 || used < 2 * free_slots(lane);
  }
  [[nodiscard]] bool heavy_is_full(Lane lane) const { return heavy_used_[index(lane)] >= std::max(1U, share(lane) * 4 / 5); }
  [[nodiscard]] bool is_full(Speed speed, Lane lane) const {
    const auto used = [&](Speed one) { return speed_used_[index(one)][index(lane)]; };
    if (speed == Speed::Usual) return false;
    if (speed == Speed::Slow) return used(Speed::Slow) >= std::max(1U, share(lane) / 2);
    return used(Speed::Slow) + used(Speed::Unproven) >= std::max(1U, share(lane) - share(lane) / 4);
  }
  // The first of those apart that has something to start gets its turn again, if there is room for such as it. Asked before every
  // turn: whatever made the room, and whoever got a turn and left it unused, the next one is not forgotten.
  void let_one_go_on(Speed speed, Lane lane) {
    auto& waiting = apart_[index(speed)][index(lane)];
    while (!waiting.empty() && !is_full(speed, lane)) {
      const Blocked first = std::move(waiting.front());
      waiting.pop_front();
      const auto found = queues_.find(first.destination);
      // Void: its speed changed, and if it stands apart now then by its new one.
      if (found == queues_.end() || found->second.speed != speed) continue;
      if (!std::exchange(found->second.apart[index(lane)][index(first.weight)], false)) continue;
      --apart_now_[index(lane)];
      const bool goes_on = may_start(lane, first.weight, found->second);
      found->second.went_on[index(lane)][index(first.weight)] = goes_on;
      unblock(first);
      if (goes_on) return;
    }
  }
  void unblock(const Blocked& one) {
    auto& queue = queues_[one.destination];
    queue.listed[index(one.lane)][index(one.weight)] = false;
    list(one.lane, one.weight, one.destination, queue);
    forget_if_idle(one.destination);
  }
  [[nodiscard]] Weight whose_turn(Lane lane) const {
    const auto& turn = turn_[index(lane)];
    if (turn[index(Weight::Light)].empty()) return Weight::Heavy;
    if (turn[index(Weight::Heavy)].empty() || heavy_is_full(lane)) return Weight::Light;
    return light_turns_[index(lane)] < light_before_heavy ? Weight::Light : Weight::Heavy;
  }
  [[nodiscard]] bool others_wait(Lane lane) const {
    return !turn_[index(lane)][0].empty() || !turn_[index(lane)][1].empty() || !blocked_.empty();
  }

  void list(Lane lane, Weight weight, const std::string& destination, Queue& queue) {
    if (queue.listed[index(lane)][index(weight)] || !may_start(lane, weight, queue)) return;
    queue.listed[index(lane)][index(weight)] = true;
    turn_[index(lane)][index(weight)].push_back(destination);
  }
  void list_lane(Lane lane, const std::string& destination, Queue& queue) {
    for (const Weight weight : {Weight::Light, Weight::Heavy}) list(lane, weight, destination, queue);
  }
  void list_all(const std::string& destination, Queue& queue) {
    for (const Lane lane : {Lane::Fresh, Lane::Retry}) list_lane(lane, destination, queue);
  }

  void forget_if_idle(const std::string& destination) {
    const auto found = queues_.find(destination);
    if (found != queues_.end() && found->second.idle()) queues_.erase(found);
  }

  LaneLimits limits_;
  SourceLimits source_limits_;
  std::unordered_map<std::string, Source> sources_;
  WallTime now_{};
  std::unordered_map<std::string, Queue> queues_;
  std::deque<std::string> turn_[2][2];  // destinations that may start a delivery, each once
  std::vector<Blocked> blocked_;        // whose turn came while they would have left no room for others
  std::size_t apart_now_[2] = {0, 0};   // without the void ones
  std::deque<Blocked> apart_[3][2];     // by speed: while such as these had their part
  std::size_t waiting_[2] = {0, 0};
  std::uint32_t used_[2] = {0, 0}, heavy_used_[2] = {0, 0}, speed_used_[3][2] = {};
  std::uint32_t light_turns_[2] = {0, 0};
};

}  // namespace hikyaku::delivery
