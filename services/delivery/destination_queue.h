// DestinationQueue: what waits for one destination, lane by lane, light and heavy; what it has taken of slots; and for how long its
// jobs could not start, and why. Lanes (lanes.h) decides whose turn it is. Pure; the time is told.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "services/delivery/urgency_queue.h"
#include "services/delivery/why/cause_clock.h"

namespace hikyaku::delivery {

enum class Lane : std::uint8_t { Fresh, Retry };
enum class Weight : std::uint8_t { Light, Heavy };
// Unproven: no delivery to it came to an end yet, or not since it fell silent: each slot may wait for nothing until the connection's
// time is over. That it takes connections says little: a tarpit does.
// Slow: a delivery to it takes many seconds (a tarpit).
enum class Speed : std::uint8_t { Usual, Unproven, Slow };

[[nodiscard]] constexpr std::size_t index(Lane lane) { return static_cast<std::size_t>(lane); }
[[nodiscard]] constexpr std::size_t index(Weight weight) { return static_cast<std::size_t>(weight); }
[[nodiscard]] constexpr std::size_t index(Speed speed) { return static_cast<std::size_t>(speed); }

// A place in the order of turns.
struct LaneTurn {
  std::string destination;
  Lane lane;
  Weight weight;
};

// One of our own addresses. Never forgotten: there are as many as rows name.
struct LaneSource {
  std::uint32_t limit = 0;  // 0: none
  std::uint32_t used = 0;
  std::deque<LaneTurn> blocked;  // whose turn came while it was full
  [[nodiscard]] std::uint32_t room() const { return limit == 0 ? UINT32_MAX : limit > used ? limit - used : 0; }
};

// Of a job that was taken: what it has waited for since then.
struct LaneWait {
  WallTime since{};
  std::chrono::milliseconds at_limit{}, shut{};
  Cause shut_for = Cause::Hold;
};

// `usual`: how many deliveries a destination bears of which nothing else is known.
template <class Job>
struct DestinationQueue {
  struct Waiting {
    Job job;
    WallTime since;
    std::uint32_t at_limit, was_shut;  // the clocks below then, in milliseconds
  };

  UrgencyQueue<Waiting> waiting[2][2];
  std::uint32_t used[2] = {0, 0};
  std::uint32_t light_run[2] = {0, 0};
  std::uint32_t limit = 0, retries = 0;
  bool listed[2][2] = {};   // stands among the turns, the blocked or those apart
  bool apart[2][2] = {};    // among those apart; an entry there that is false here is void
  bool went_on[2][2] = {};  // was apart, and its turn has not come since
  bool shut[2] = {false, false};
  Cause shut_for[2] = {Cause::Hold, Cause::Hold};
  Speed speed = Speed::Usual;
  std::vector<LaneSource*> sources;
  // For how long so far its jobs could not start because of its own limit, or because it was shut; until `noted`.
  std::chrono::microseconds at_limit[2]{}, was_shut[2]{};
  WallTime noted{};

  [[nodiscard]] std::uint32_t limit_now(std::uint32_t usual) const { return limit == 0 ? usual : limit; }
  [[nodiscard]] bool fresh_waits() const {
    const auto& fresh = waiting[index(Lane::Fresh)];
    return !shut[index(Lane::Fresh)] && !(fresh[0].empty() && fresh[1].empty());
  }
  [[nodiscard]] std::uint32_t retries_now(std::uint32_t usual) const {
    const auto half = (limit_now(usual) + 1) / 2;
    return fresh_waits() ? half : std::max(half, retries);
  }
  [[nodiscard]] bool is_at_limit(Lane lane, std::uint32_t usual) const {
    const auto most = limit_now(usual);
    return used[index(lane)] >= (lane == Lane::Fresh ? most : retries_now(usual)) || used[0] + used[1] >= most;
  }
  [[nodiscard]] bool may_start(Lane lane, Weight weight, std::uint32_t usual) const {
    return !shut[index(lane)] && !waiting[index(lane)][index(weight)].empty() && !is_at_limit(lane, usual);
  }
  // Nothing waits, stands anywhere or has a slot, and no lane is shut.
  [[nodiscard]] bool idle() const {
    for (const Lane lane : {Lane::Fresh, Lane::Retry})
      for (const Weight weight : {Weight::Light, Weight::Heavy})
        if (!waiting[index(lane)][index(weight)].empty() || listed[index(lane)][index(weight)]) return false;
    return used[0] + used[1] == 0 && !shut[0] && !shut[1];
  }

  // Before anything changes that decides what its jobs wait for.
  void note(WallTime now, std::uint32_t usual) {
    const auto passed = noted == WallTime{} ? std::chrono::microseconds{} : now - noted;
    noted = now;
    if (passed == std::chrono::microseconds{}) return;
    for (const Lane lane : {Lane::Fresh, Lane::Retry}) {
      if (shut[index(lane)]) was_shut[index(lane)] += passed;
      else if (is_at_limit(lane, usual)) at_limit[index(lane)] += passed;
    }
  }
  [[nodiscard]] Waiting waiting_since(Job job, Lane lane, WallTime now) const {
    return {std::move(job), now, milliseconds(at_limit[index(lane)]), milliseconds(was_shut[index(lane)])};
  }
  [[nodiscard]] LaneWait waited_by(const Waiting& job, Lane lane) const {
    return {job.since, std::chrono::milliseconds{milliseconds(at_limit[index(lane)]) - job.at_limit},
            std::chrono::milliseconds{milliseconds(was_shut[index(lane)]) - job.was_shut}, shut_for[index(lane)]};
  }

 private:
  [[nodiscard]] static std::uint32_t milliseconds(std::chrono::microseconds time) { return static_cast<std::uint32_t>(time.count() / 1'000); }
};

}  // namespace hikyaku::delivery
