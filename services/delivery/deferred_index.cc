#include "services/delivery/deferred_index.h"

#include "services/delivery/urgency_queue.h"

namespace hikyaku::delivery {
namespace {
std::uint64_t hash_of(const DeferredEntry& entry) {
  return std::hash<TraceId>{}(entry.message) ^ std::uint64_t{entry.recipient} * 0xBF58476D1CE4E5B9;
}
}  // namespace

// ---- entries and destinations -------------------------------------------------------------------------------------

DeferredIndex::Slot DeferredIndex::slot_of(const DeferredEntry& entry) const {
  return index_.find(hash_of(entry), [&](Slot slot) { return waiting_[slot].entry == entry; });
}

DeferredIndex::Destination* DeferredIndex::find(const std::string& name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? nullptr : destinations_[found->second].get();
}

DeferredIndex::Number DeferredIndex::number_for(const std::string& name) {
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  if (free_numbers_.empty()) {
    free_numbers_.push_back(static_cast<Number>(destinations_.size()));
    destinations_.emplace_back();
  }
  const Number number = free_numbers_.back();
  free_numbers_.pop_back();
  destinations_[number] = std::make_unique<Destination>();
  destinations_[number]->name = name;
  numbers_.emplace(name, number);
  newcomers_.add(name);
  return number;
}

DeferredIndex::Due DeferredIndex::due_of(Slot slot) const {
  const auto& one = waiting_[slot];
  return {destinations_[one.destination]->name, one.entry, one.due, one.give_up_at, one.priority};
}

void DeferredIndex::reset_timer(Number number) {
  auto& destination = *destinations_[number];
  if (destination.timer) timers_.erase({*destination.timer, number});
  destination.timer.reset();
  if (!destination.by_time.empty() && !destination.probing) {
    const WallTime first = destination.by_time.first().when;
    destination.timer = destination.gate && *destination.gate > first ? *destination.gate : first;
    timers_.insert({*destination.timer, number});
    return;
  }
  if (!destination.by_time.empty() || destination.gate || destination.probing) return;
  numbers_.erase(destination.name);
  destinations_[number].reset();
  free_numbers_.push_back(number);
}

void DeferredIndex::take_out(Slot slot) {
  auto& one = waiting_[slot];
  auto& destination = *destinations_[one.destination];
  destination.by_time.remove({one.due, slot}, by_entry());
  const auto level = destination.by_end.find(one.priority);
  level->second.remove({one.give_up_at, slot}, by_entry());
  if (level->second.empty()) destination.by_end.erase(level);
  index_.remove(hash_of(one.entry), slot, [this](Slot other) { return hash_of(waiting_[other].entry); });
  one.destination = free_slot_;
  free_slot_ = slot;
  --size_;
}

void DeferredIndex::add(const std::string& name, DeferredEntry entry, WallTime due, WallTime give_up_at, std::int8_t priority) {
  const Number number = number_for(name);
  if (const auto known = slot_of(entry); known != none) {
    const Number before = waiting_[known].destination;
    take_out(known);
    if (before != number) reset_timer(before);
  }
  Slot slot = free_slot_;
  if (slot != none) free_slot_ = waiting_[slot].destination;
  else waiting_.reach((slot = slots_++) + 1);
  waiting_[slot] = {entry, number, priority, due, give_up_at};
  index_.add(hash_of(entry), slot, [this](Slot other) { return hash_of(waiting_[other].entry); });
  destinations_[number]->by_time.add({due, slot}, by_entry());
  destinations_[number]->by_end[priority].add({give_up_at, slot}, by_entry());
  ++size_;
  reset_timer(number);
}

void DeferredIndex::set_due(const std::string& name, DeferredEntry entry, WallTime due) {
  if (!contains(name, entry)) return;
  const auto known = waiting_[slot_of(entry)];
  add(name, entry, due, known.give_up_at, known.priority);
}

void DeferredIndex::remove(const std::string& name, DeferredEntry entry) {
  if (!contains(name, entry)) return;
  const auto slot = slot_of(entry);
  const Number number = waiting_[slot].destination;
  take_out(slot);
  reset_timer(number);
}

std::int8_t DeferredIndex::priority_of(DeferredEntry entry) const {
  const auto slot = slot_of(entry);
  return slot == none ? std::int8_t{0} : waiting_[slot].priority;
}

WallTime DeferredIndex::end_of(DeferredEntry entry) const {
  const auto slot = slot_of(entry);
  return slot == none ? WallTime::max() : waiting_[slot].give_up_at;
}

bool DeferredIndex::contains(const std::string& name, DeferredEntry entry) const {
  const auto slot = slot_of(entry);
  return slot != none && destinations_[waiting_[slot].destination]->name == name;
}

std::vector<std::string> DeferredIndex::destinations() const {
  std::vector<std::string> names;
  for (const auto& [name, number] : numbers_) names.push_back(name);
  return names;
}

std::size_t DeferredIndex::waiting_for(const std::string& name) const {
  const auto* destination = find(name);
  return destination == nullptr ? 0 : destination->by_time.size();
}

// ---- what is due --------------------------------------------------------------------------------------------------

std::optional<WallTime> DeferredIndex::next_due() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first;
}

std::vector<DeferredIndex::Due> DeferredIndex::take_due(WallTime now, std::size_t limit) {
  std::vector<Due> due;
  while (!timers_.empty() && timers_.begin()->first <= now && due.size() < limit) {
    const Number number = timers_.begin()->second;
    auto& destination = *destinations_[number];
    const bool probe = destination.gate.has_value();
    while (!destination.by_time.empty() && destination.by_time.first().when <= now && due.size() < limit) {
      const auto slot = destination.by_time.first().slot;
      due.push_back(due_of(slot));
      take_out(slot);
      if (probe) break;
    }
    destination.probing = probe;
    reset_timer(number);
  }
  return due;
}

std::vector<DeferredIndex::Due> DeferredIndex::take_expired(const std::string& name, WallTime now) {
  std::vector<Due> expired;
  const auto* destination = find(name);
  if (destination == nullptr) return expired;
  const auto first_over = [&]() -> std::optional<Slot> {
    for (const auto& [priority, order] : destination->by_end)
      if (order.first().when <= now) return order.first().slot;
    return std::nullopt;
  };
  while (const auto slot = first_over()) {
    expired.push_back(due_of(*slot));
    take_out(*slot);
  }
  reset_timer(numbers_.at(name));
  return expired;
}

std::optional<WallTime> DeferredIndex::first_end(const std::string& name) const {
  const auto* destination = find(name);
  if (destination == nullptr || destination->by_end.empty()) return std::nullopt;
  WallTime first = WallTime::max();
  for (const auto& [priority, order] : destination->by_end) first = std::min(first, order.first().when);
  return first;
}

std::optional<TimerOrder::Item> DeferredIndex::next_released(const TimerOrder& order, std::int8_t priority, const ReleaseCursor& cursor) const {
  const auto behind = cursor.at.find(priority);
  return order.first_not([&](const TimerOrder::Item& item) {
    return behind != cursor.at.end() && std::pair(item.when, waiting_[item.slot].entry) <= behind->second;
  });
}

std::vector<DeferredIndex::Due> DeferredIndex::take_oldest(const std::string& name, ReleaseCursor& cursor, std::size_t limit, Which which) {
  std::vector<Due> taken;
  const auto* destination = find(name);
  if (destination == nullptr) return taken;
  while (taken.size() < limit) {
    std::optional<TimerOrder::Item> urgent, oldest;  // of the highest priority that is left, and of all below it
    for (const auto& [priority, order] : destination->by_end) {
      const auto next = next_released(order, priority, cursor);
      if (!next || (which == Which::Timed && next->when == WallTime::max())) continue;  // the last ones have no end
      if (!urgent) urgent = next;
      else if (!oldest || next->when < oldest->when) oldest = next;
    }
    if (!urgent) break;
    const bool others_turn = oldest && cursor.overtaken >= urgent_before_older;
    cursor.overtaken = oldest && !others_turn ? cursor.overtaken + 1 : 0;
    const auto next = others_turn ? *oldest : *urgent;
    cursor.at[waiting_[next.slot].priority] = {next.when, waiting_[next.slot].entry};
    taken.push_back(due_of(next.slot));
    take_out(next.slot);
  }
  reset_timer(numbers_.at(name));
  return taken;
}

// ---- gates --------------------------------------------------------------------------------------------------------

void DeferredIndex::gate(const std::string& name, WallTime until) {
  const Number number = number_for(name);
  destinations_[number]->gate = until;
  destinations_[number]->probing = false;
  reset_timer(number);
}

void DeferredIndex::open_gate_by(const std::string& name, WallTime until) {
  auto* destination = find(name);
  if (destination == nullptr || !destination->gate || destination->probing || *destination->gate <= until) return;
  destination->gate = until;
  reset_timer(numbers_.at(name));
}

void DeferredIndex::ungate(const std::string& name) {
  auto* destination = find(name);
  if (destination == nullptr) return;
  destination->gate.reset();
  destination->probing = false;
  reset_timer(numbers_.at(name));
}

bool DeferredIndex::gated(const std::string& name) const {
  const auto* destination = find(name);
  return destination != nullptr && destination->gate;
}

std::optional<WallTime> DeferredIndex::next_probe_of(const std::string& name) const {
  const auto* destination = find(name);
  if (destination == nullptr || !destination->gate) return std::nullopt;
  return destination->timer ? destination->timer : destination->gate;
}

}  // namespace hikyaku::delivery
