// FreshDeadlines: fresh mail whose sender wants to be told when it is not delivered by a time (RFC 2852, BY=...;N), for as
// long as a lane or an attempt has it. What is deferred has its time in the spool's schedules instead. Pure; in memory: a
// restart takes up what is still fresh anew.
#pragma once

#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

class FreshDeadlines {
 public:
  void add(const spool::MessageRef& message, WallTime deadline) {
    forget(message.id);
    known_[message.id] = {message, deadline, false};
    by_time_.insert({deadline, message.id});
  }
  // Nobody of it is fresh any more.
  void forget(const TraceId& id) {
    const auto known = known_.find(id);
    if (known == known_.end()) return;
    by_time_.erase({known->second.deadline, id});
    known_.erase(known);
  }
  // At most `limit` whose time is over, each once; from now on they are told of.
  [[nodiscard]] std::vector<spool::MessageRef> take_due(WallTime now, std::size_t limit) {
    std::vector<spool::MessageRef> due;
    while (due.size() < limit && !by_time_.empty() && by_time_.begin()->first <= now) {
      auto& one = known_.at(by_time_.begin()->second);
      one.told = true;
      due.push_back(one.message);
      by_time_.erase(by_time_.begin());
    }
    return due;
  }
  // It could not be told after all: due at `when`, unless it is forgotten.
  void again(const TraceId& id, WallTime when) {
    const auto known = known_.find(id);
    if (known == known_.end() || !known->second.told) return;
    known->second.told = false;
    known->second.deadline = when;
    by_time_.insert({when, id});
  }
  [[nodiscard]] bool told(const TraceId& id) const {
    const auto known = known_.find(id);
    return known != known_.end() && known->second.told;
  }
  [[nodiscard]] bool contains(const TraceId& id) const { return known_.contains(id); }
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    spool::MessageRef message;
    WallTime deadline;
    bool told = false;
  };
  std::unordered_map<TraceId, Known> known_;
  std::set<std::pair<WallTime, TraceId>> by_time_;  // not told yet
};

}  // namespace hikyaku::delivery
