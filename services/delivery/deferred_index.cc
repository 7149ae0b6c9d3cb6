#include "services/delivery/deferred_index.h"

namespace hikyaku::delivery {

void DeferredIndex::reset_timer(const std::string& name, Destination& destination) {
  if (destination.timer) timers_.erase({*destination.timer, name});
  destination.timer.reset();
  if (!destination.by_time.empty() && !destination.probing) {
    const WallTime first = destination.by_time.begin()->first;
    destination.timer = destination.gate && *destination.gate > first ? *destination.gate : first;
    timers_.insert({*destination.timer, name});
    return;
  }
  if (destination.by_time.empty() && !destination.gate && !destination.probing) destinations_.erase(name);
}

void DeferredIndex::take_out(Destination& destination, DeferredEntry entry) {
  const auto place = destination.times.find(entry);
  destination.by_time.erase({place->second.due, entry});
  destination.by_end.erase({place->second.give_up_at, entry});
  destination.times.erase(place);
  --size_;
}

void DeferredIndex::add(const std::string& name, DeferredEntry entry, WallTime due, WallTime give_up_at) {
  auto& destination = destinations_[name];
  if (destination.times.contains(entry)) take_out(destination, entry);
  destination.times.insert({entry, {due, give_up_at}});
  destination.by_time.insert({due, entry});
  destination.by_end.insert({give_up_at, entry});
  ++size_;
  reset_timer(name, destination);
}

void DeferredIndex::remove(const std::string& name, DeferredEntry entry) {
  const auto found = destinations_.find(name);
  if (found == destinations_.end() || !found->second.times.contains(entry)) return;
  take_out(found->second, entry);
  reset_timer(name, found->second);
}

std::vector<DeferredEntry> DeferredIndex::take_expired(const std::string& name, WallTime now) {
  std::vector<DeferredEntry> expired;
  const auto found = destinations_.find(name);
  if (found == destinations_.end()) return expired;
  auto& by_end = found->second.by_end;
  while (!by_end.empty() && by_end.begin()->first <= now) {
    expired.push_back(by_end.begin()->second);
    take_out(found->second, expired.back());
  }
  reset_timer(name, found->second);
  return expired;
}

std::optional<WallTime> DeferredIndex::first_end(const std::string& name) const {
  const auto found = destinations_.find(name);
  if (found == destinations_.end() || found->second.by_end.empty()) return std::nullopt;
  return found->second.by_end.begin()->first;
}

std::vector<DeferredIndex::Due> DeferredIndex::take_oldest(const std::string& name, ReleaseCursor& cursor, std::size_t limit) {
  std::vector<Due> taken;
  const auto found = destinations_.find(name);
  if (found == destinations_.end()) return taken;
  auto& by_end = found->second.by_end;
  while (taken.size() < limit) {
    const auto next = cursor ? by_end.upper_bound(*cursor) : by_end.begin();
    if (next == by_end.end()) break;
    cursor = *next;
    const Times times = found->second.times.at(next->second);
    taken.push_back({name, next->second, times.due, times.give_up_at});
    take_out(found->second, taken.back().entry);
  }
  reset_timer(name, found->second);
  return taken;
}

std::vector<std::string> DeferredIndex::destinations() const {
  std::vector<std::string> names;
  for (const auto& [name, destination] : destinations_) names.push_back(name);
  return names;
}

std::size_t DeferredIndex::waiting_for(const std::string& name) const {
  const auto found = destinations_.find(name);
  return found == destinations_.end() ? 0 : found->second.times.size();
}

std::optional<WallTime> DeferredIndex::next_due() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first;
}

std::vector<DeferredIndex::Due> DeferredIndex::take_due(WallTime now, std::size_t limit) {
  std::vector<Due> due;
  while (!timers_.empty() && timers_.begin()->first <= now && due.size() < limit) {
    const std::string name = timers_.begin()->second;
    auto& destination = destinations_[name];
    const bool probe = destination.gate.has_value();
    while (!destination.by_time.empty() && destination.by_time.begin()->first <= now && due.size() < limit) {
      const auto entry = destination.by_time.begin()->second;
      const Times times = destination.times.at(entry);
      take_out(destination, entry);
      due.push_back({name, entry, times.due, times.give_up_at});
      if (probe) break;
    }
    destination.probing = probe;
    reset_timer(name, destination);
  }
  return due;
}

void DeferredIndex::gate(const std::string& name, WallTime until) {
  auto& destination = destinations_[name];
  destination.gate = until;
  destination.probing = false;
  reset_timer(name, destination);
}

void DeferredIndex::ungate(const std::string& name) {
  const auto found = destinations_.find(name);
  if (found == destinations_.end()) return;
  found->second.gate.reset();
  found->second.probing = false;
  reset_timer(name, found->second);
}

bool DeferredIndex::gated(const std::string& name) const { return gate_of(name).has_value(); }

std::optional<WallTime> DeferredIndex::gate_of(const std::string& name) const {
  const auto found = destinations_.find(name);
  return found == destinations_.end() ? std::nullopt : found->second.gate;
}

bool DeferredIndex::contains(const std::string& name, DeferredEntry entry) const {
  const auto found = destinations_.find(name);
  return found != destinations_.end() && found->second.times.contains(entry);
}

}  // namespace hikyaku::delivery
