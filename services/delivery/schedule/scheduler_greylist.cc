// What a scheduler learns of greylists, and how it meets them.
#include "services/delivery/schedule/scheduler.h"

namespace hikyaku::delivery {
namespace {

// How long after somebody got in a newcomer tells whether the door is open for all.
constexpr Duration door_stands_open = std::chrono::minutes{30};

}  // namespace

void Scheduler::door_opened(const std::string& key, Known& known, WallTime now) {
  known.state.door_open(now);
  known.at_door = 0;
  if (!known.paused_until && !known.state.held_until()) lanes_.open(key, Lane::Fresh);
}

void Scheduler::take_greylist_evidence(const std::string& key, Known& known, const Attempt& attempt, const spool::Schedule* before, WallTime now) {
  const bool came_back = before != nullptr && before->attempts > 0 && failure_class_of(before->failure_class) == FailureClass::Greylisted;
  const Duration waited = came_back ? Duration(now - before->first_failed) : Duration{};
  const bool door_was_open = known.last_pass && now - *known.last_pass < door_stands_open;
  if (attempt.result == AttemptResult::Failed) {
    if (attempt.failure != FailureClass::Greylisted) return;
    auto& profile = greylists_.make(key, now);
    if (profile.sticky_host.empty()) profile.sticky_host = attempt.remote_mta;
    if (came_back) {
      if (!known.last_pass || *known.last_pass < before->first_failed || profile.key() == DoorKey::PerMessage) profile.was_too_early(waited);
      known.learner_until.reset();
    } else if (door_was_open) {
      profile.newcomer(false);
    }
    if (profile.key() == DoorKey::PerMessage) {
      if (known.state.door()) door_opened(key, known, now);
      return;
    }
    ++known.at_door;
    const auto usual = settings_.retry.base.greylist_interval;
    const auto comes_in = profile.target(waited, attempt.wait_hint, usual) - waited;
    if (!known.state.door() || came_back)
      known.state.door_shut(now, now + std::chrono::duration_cast<std::chrono::microseconds>(comes_in),
                            {now, attempt.failure, attempt.diagnostic, attempt.remote_mta});
    set_look(key, known, now);
    if (known.at_door >= openers) lanes_.shut(key, Lane::Fresh, Cause::Schedule);
    return;
  }
  auto* profile = greylists_.find(key);
  if (profile == nullptr) return;
  profile->used = now;
  if (came_back) {
    // When somebody else got in meanwhile, this one's wait says nothing about the door.
    if (!known.last_pass || *known.last_pass < before->first_failed || profile->key() == DoorKey::PerMessage) profile->passed(waited);
    known.learner_until.reset();
    const bool shared = profile->key() == DoorKey::Shared;
    const bool was_shut = known.state.door().has_value();
    door_opened(key, known, now);
    if (shared && was_shut) begin_release(key, known, now);  // all who wait get in now
  } else if (door_was_open) {
    profile->newcomer(true);
  } else if (known.state.door() && before == nullptr) {
    door_opened(key, known, now);  // it is no newcomer there: somebody else's door
  }
  known.last_pass = now;
}

std::optional<Duration> Scheduler::wait_for(const std::string& key, const Attempt& attempt, Duration elapsed, WallTime now) {
  if (attempt.failure != FailureClass::Greylisted) return attempt.wait_hint;
  const auto* profile = greylists_.find(key);
  if (profile == nullptr) return attempt.wait_hint;
  auto& known = know(key, now);
  const auto usual = settings_.retry.rules_for(known.domain, key).rule(FailureClass::Greylisted).interval;
  // One message at a time may come earlier than is known to be enough, to learn.
  const bool learns = !profile->learned() && (!known.learner_until || now > *known.learner_until);
  const auto target = learns ? profile->target_to_learn(elapsed, attempt.wait_hint, usual) : profile->target(elapsed, attempt.wait_hint, usual);
  Duration wait = std::max<Duration>(target - elapsed, std::chrono::seconds{1});
  if (learns) known.learner_until = now + std::chrono::duration_cast<std::chrono::microseconds>(wait + std::chrono::minutes{1});
  if (profile->key() == DoorKey::Shared && known.state.door() && *known.state.door() > now)
    wait = std::min<Duration>(wait, *known.state.door() - now + std::chrono::seconds{5});
  return wait;
}

std::string Scheduler::preferred_host(const std::string& key) const {
  const auto* profile = greylists_.find(key);
  return profile == nullptr ? std::string() : profile->sticky_host;
}

}  // namespace hikyaku::delivery
