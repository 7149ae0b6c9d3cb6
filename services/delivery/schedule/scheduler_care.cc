// What a scheduler looks after by itself, at the moment that each destination has for it.
#include "services/delivery/schedule/scheduler.h"

namespace hikyaku::delivery {
namespace {

constexpr std::chrono::microseconds forget_after = std::chrono::minutes{10}, forget_ceiling_after = std::chrono::hours{1};
constexpr std::chrono::microseconds door_patience = std::chrono::minutes{1};

}  // namespace

// Costs the destinations whose moment has come, and the few whose lane is full; not those that are known.
void Scheduler::tend(WallTime now) {
  std::erase_if(full_, [this](const std::string& key) {
    const auto found = known_.find(key);
    if (found == known_.end() || !found->second.full) return true;
    if (retry_room(key) <= least_share / 2) return false;
    found->second.full = false;
    deferred_.ungate(key);
    return true;
  });
  while (!looks_.empty() && looks_.begin()->first <= now) {
    const std::string key = looks_.begin()->second;
    looks_.erase(looks_.begin());
    auto& known = known_.at(key);
    known.look.reset();
    look_after(key, known, now);
    if (is_forgettable(key, known, now)) known_.erase(key);
    else set_look(key, known, now);
  }
}

void Scheduler::look_after(const std::string& key, Known& known, WallTime now) {
  // Whoever should have opened the door is late: a few others go.
  if (known.state.door() && now > *known.state.door() + door_patience) {
    known.at_door = 0;
    known.state.door_open(now);
    if (!known.paused_until && !known.state.held_until()) lanes_.open(key, Lane::Fresh);
  }
  if (known.paused_until && now >= *known.paused_until) {
    known.paused_until.reset();
    if (!known.state.held_until())
      for (const Lane lane : {Lane::Fresh, Lane::Retry}) lanes_.open(key, lane);
  }
  if (known.state.held_until() && now >= *known.state.held_until()) release_hold(key, now);
}

bool Scheduler::is_forgettable(const std::string& key, const Known& known, WallTime now) const {
  const bool is_throttled = known.state.health() == Health::Throttled;  // by a ceiling it would have to learn again
  const bool is_well = is_throttled || known.state.health() == Health::Healthy;
  const bool rests = is_well && !known.releasing && !known.full && !known.paused_until && known.sessions == 0;
  return rests && now - known.used > (is_throttled ? forget_ceiling_after : forget_after) && lanes_.waiting_for(key) == 0 && lanes_.used_for(key) == 0;
}

// What is known of it wants to be looked at when its next moment comes: not later than that, and not much before.
void Scheduler::set_look(const std::string& key, Known& known, WallTime now) {
  constexpr std::chrono::microseconds after{1};
  WallTime when = known.used + forget_after + after;
  if (when <= now) when = now + forget_after;  // it is in use: seldom enough
  if (known.state.door()) when = std::min(when, *known.state.door() + door_patience + after);
  if (known.paused_until) when = std::min(when, *known.paused_until);
  if (known.state.held_until()) when = std::min(when, *known.state.held_until());
  if (known.look && *known.look <= when) return;
  if (known.look) looks_.erase({*known.look, key});
  known.look = when;
  looks_.insert({when, key});
}

}  // namespace hikyaku::delivery
