// Watches in which order a simulated delivery starts what waits (RFC 6710): of one destination's queue at most every ninth goes
// before a more urgent one, and the one that waits the longest is overtaken eight times at most. Knows nothing of how the
// order is made: it looks at what waits before and after.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "services/delivery/schedule/scheduler.h"

namespace hikyaku::delivery::simulation {

class UrgencyWatch {
 public:
  std::string trouble;  // the first; empty: none
  std::size_t overtakings = 0, turns_of_older = 0;

  // Another life of delivery: its queues begin anew.
  void forget() { queues_.clear(), overtaken_.clear(); }
  // What waits where the slot takes from; taken() follows.
  void look(const Scheduler& scheduler, const Scheduler::Slot& slot) {
    destination_ = slot.destination, lane_ = slot.lane;
    for (const Weight weight : {Weight::Light, Weight::Heavy}) {
      auto& queue = waiting_[static_cast<std::size_t>(weight)];
      queue.clear();
      scheduler.lanes().for_each_waiting(slot.destination, slot.lane, weight, [&](const RemoteJob& job, WallTime since) { queue.push_back({id_of(job), job.priority, since}); });
    }
  }
  // What was put back has had its turn already.
  void taken(const RemoteJob& job) {
    if (job.turned_away > 0) return;
    for (std::size_t weight = 0; weight < 2; ++weight)
      for (const auto& one : waiting_[weight])
        if (one.id == id_of(job)) return judge(one, waiting_[weight], queues_[{destination_, lane_, weight}]);
  }

 private:
  using JobId = std::pair<TraceId, std::uint32_t>;
  struct Waiting {
    JobId id;
    std::int8_t priority;
    WallTime since;
  };
  struct Queue {
    unsigned since_older = 0;  // jobs taken since one went before a more urgent one
  };
  static JobId id_of(const RemoteJob& job) { return {job.ref.id, job.recipients.empty() ? 0 : job.recipients.front()}; }

  void judge(const Waiting& taken, const std::vector<Waiting>& all, Queue& queue) {
    const Waiting* passed_over = nullptr;  // the oldest of those that are less urgent and were there before
    bool more_urgent = false;
    for (const auto& one : all) {
      if (one.id == taken.id) continue;
      more_urgent = more_urgent || one.priority > taken.priority;
      if (one.priority < taken.priority && one.since < taken.since && (passed_over == nullptr || one.since < passed_over->since)) passed_over = &one;
    }
    overtaken_.erase({taken.id, lane_, taken.since});
    if (more_urgent) {
      ++turns_of_older;
      if (queue.since_older < urgent_before_older) say("an urgent one waited behind " + taken.id.first.text());
    }
    queue.since_older = more_urgent ? 0 : queue.since_older + 1;
    if (passed_over == nullptr) return;
    ++overtakings;
    if (++overtaken_[{passed_over->id, lane_, passed_over->since}] > urgent_before_older) say("starved: " + passed_over->id.first.text());
  }
  void say(std::string what) {
    if (trouble.empty()) trouble = std::move(what);
  }

  std::string destination_;
  Lane lane_ = Lane::Fresh;
  std::vector<Waiting> waiting_[2];
  std::map<std::tuple<std::string, Lane, std::size_t>, Queue> queues_;
  std::map<std::tuple<JobId, Lane, WallTime>, unsigned> overtaken_;  // since it came to its lane: it may leave that untried, and come again
};

}  // namespace hikyaku::delivery::simulation
