// Lanes: which destination may use the next free delivery slot, for fresh mail and for retries apart. Fresh mail never
// waits for retries: each lane has a reserved share of all slots and of each destination's, and inside a lane the
// destinations take turns, so one with a million waiting delays nobody else.
//
// A pure data structure: no clock, no I/O; every operation is O(1) amortised, whatever waits.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hikyaku::delivery {

enum class Lane : std::uint8_t { Fresh, Retry };

struct LaneLimits {
  std::uint32_t slots = 100;              // parallel deliveries in all
  std::uint32_t reserved_fresh = 50;      // of those never used by retries
  std::uint32_t reserved_retry = 10;      // of those never used by fresh mail
  std::uint32_t per_destination = 20;     // parallel deliveries to one destination; half of them at most for retries
};

// `Job` is whatever the caller queues; it is moved in and out untouched.
template <class Job>
class Lanes {
 public:
  explicit Lanes(LaneLimits limits = {}) : limits_(limits) {}

  void set_limits(LaneLimits limits) { limits_ = limits; }

  void add(Lane lane, const std::string& destination, Job job) {
    auto& queue = queues_[destination];
    queue.waiting[index(lane)].push_back(std::move(job));
    ++waiting_[index(lane)];
    list(lane, destination, queue);
  }

  struct Slot {
    Lane lane;
    std::string destination;
  };

  // Takes a slot for the destination whose turn it is, or nothing while limits bind or nothing waits. The holder calls
  // take_job() as long as it gets some, then release().
  std::optional<Slot> next() {
    for (const Lane lane : {Lane::Fresh, Lane::Retry}) {
      auto& turn = turn_[index(lane)];
      while (!turn.empty() && used_[index(lane)] < share(lane) && used_[0] + used_[1] < limits_.slots) {
        std::string destination = std::move(turn.front());
        turn.pop_front();
        auto& queue = queues_[destination];
        queue.listed[index(lane)] = false;
        if (!may_start(lane, queue)) {  // listed again when a slot of it is released, or it is opened
          forget_if_idle(destination);
          continue;
        }
        ++queue.used[index(lane)];
        ++used_[index(lane)];
        list(lane, destination, queue);
        return Slot{lane, std::move(destination)};
      }
    }
    return std::nullopt;
  }

  // The next job of the slot's destination and lane; nothing when it is empty or shut.
  std::optional<Job> take_job(const Slot& slot) {
    const auto found = queues_.find(slot.destination);
    if (found == queues_.end() || found->second.shut) return std::nullopt;
    auto& queue = found->second.waiting[index(slot.lane)];
    if (queue.empty()) return std::nullopt;
    Job job = std::move(queue.front());
    queue.pop_front();
    --waiting_[index(slot.lane)];
    return job;
  }

  void release(const Slot& slot) {
    auto& queue = queues_[slot.destination];
    --queue.used[index(slot.lane)];
    --used_[index(slot.lane)];
    for (const Lane lane : {Lane::Fresh, Lane::Retry}) list(lane, slot.destination, queue);
    forget_if_idle(slot.destination);
  }

  // Empties both lanes of a destination: the caller defers what it gets.
  std::deque<Job> drain(const std::string& destination) {
    std::deque<Job> all;
    const auto found = queues_.find(destination);
    if (found == queues_.end()) return all;
    for (const Lane lane : {Lane::Fresh, Lane::Retry}) {
      auto& queue = found->second.waiting[index(lane)];
      waiting_[index(lane)] -= queue.size();
      for (auto& job : queue) all.push_back(std::move(job));
      queue.clear();
    }
    forget_if_idle(destination);
    return all;
  }

  // A shut destination gets no slot; what waits for it stays.
  void shut(const std::string& destination) { queues_[destination].shut = true; }
  void open(const std::string& destination) {
    const auto found = queues_.find(destination);
    if (found == queues_.end()) return;
    found->second.shut = false;
    for (const Lane lane : {Lane::Fresh, Lane::Retry}) list(lane, destination, found->second);
    forget_if_idle(destination);
  }

  [[nodiscard]] std::size_t waiting(Lane lane) const { return waiting_[index(lane)]; }
  [[nodiscard]] std::uint32_t used(Lane lane) const { return used_[index(lane)]; }
  [[nodiscard]] std::size_t waiting_for(const std::string& destination) const {
    const auto found = queues_.find(destination);
    return found == queues_.end() ? 0 : found->second.waiting[0].size() + found->second.waiting[1].size();
  }
  [[nodiscard]] std::size_t destinations() const { return queues_.size(); }

 private:
  struct Queue {
    std::deque<Job> waiting[2];
    std::uint32_t used[2] = {0, 0};
    bool listed[2] = {false, false};  // stands in turn_
    bool shut = false;
  };

  static constexpr std::size_t index(Lane lane) { return static_cast<std::size_t>(lane); }

  [[nodiscard]] std::uint32_t share(Lane lane) const {
    const auto reserved = lane == Lane::Fresh ? limits_.reserved_retry : limits_.reserved_fresh;
    return limits_.slots > reserved ? limits_.slots - reserved : 1;
  }
  [[nodiscard]] std::uint32_t destination_share(Lane lane) const {
    return lane == Lane::Fresh ? limits_.per_destination : (limits_.per_destination + 1) / 2;
  }

  [[nodiscard]] bool may_start(Lane lane, const Queue& queue) const {
    return !queue.shut && !queue.waiting[index(lane)].empty() && queue.used[index(lane)] < destination_share(lane) &&
           queue.used[0] + queue.used[1] < limits_.per_destination;
  }

  void list(Lane lane, const std::string& destination, Queue& queue) {
    if (queue.listed[index(lane)] || !may_start(lane, queue)) return;
    queue.listed[index(lane)] = true;
    turn_[index(lane)].push_back(destination);
  }

  void forget_if_idle(const std::string& destination) {
    const auto found = queues_.find(destination);
    if (found == queues_.end()) return;
    const auto& queue = found->second;
    if (queue.waiting[0].empty() && queue.waiting[1].empty() && queue.used[0] + queue.used[1] == 0 && !queue.shut &&
        !queue.listed[0] && !queue.listed[1])
      queues_.erase(found);
  }

  LaneLimits limits_;
  std::unordered_map<std::string, Queue> queues_;
  std::deque<std::string> turn_[2];  // destinations that may start a delivery, each once
  std::size_t waiting_[2] = {0, 0};
  std::uint32_t used_[2] = {0, 0};
};

}  // namespace hikyaku::delivery
