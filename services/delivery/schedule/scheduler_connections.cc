// What a scheduler makes of connections that come about, do not, or are one too many.
#include <algorithm>

#include "services/delivery/schedule/scheduler.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration shortest_probe = std::chrono::seconds{10};

// What may be because we are too many; the other causes are the message's, or our own trouble.
bool is_about_connections(const Attempt& failed) {
  const bool silence = is_silence(failed.failure) && failed.failure != FailureClass::NoDnsAnswer;
  return silence || failed.failure == FailureClass::Transient || failed.pace == Pace::TooFast;
}

std::chrono::microseconds micro(Duration duration) { return std::chrono::duration_cast<std::chrono::microseconds>(duration); }

}  // namespace

void Scheduler::session_opened(const std::string& key, WallTime now, Session session) {
  auto& known = know(key, now);
  ++known.sessions;
  if (session == Session::Kept) return;
  known.state.connected(now, known.sessions);
  if (known.state.answered(now, Duration{}) == Destination::Was::Down) begin_release(key, known, now);
  apply(key, known);
}

void Scheduler::session_closed(const std::string& key) {
  const auto found = known_.find(key);
  if (found != known_.end() && found->second.sessions > 0) --found->second.sessions;
}

// The next probe: by the rules, and when the first period is over if that is earlier, since it is the last attempt.
void Scheduler::gate(const std::string& key, const Known& known, WallTime now) {
  const auto rule = settings_.retry.rules_for(known.domain, key).rule(known.last->failure);
  const WallTime by_rule = now + micro(wait_after(rule, known.state.failures()));
  WallTime until = by_rule;
  if (known.state.held_until()) until = WallTime::max();
  else if (const auto end = deferred_.first_end(key)) until = std::min(until, std::max(*end, now + micro(std::min(rule.interval, shortest_probe))));
  deferred_.gate(key, until);
}

Scheduler::Setback Scheduler::session_failed(const std::string& key, const Attempt& failed, WallTime now, std::uint32_t others,
                                            std::vector<RemoteJob>& untried) {
  auto& known = know(key, now);
  const Evidence evidence{now, failed.failure, failed.diagnostic.empty() ? failed.explanation : failed.diagnostic, failed.remote_mta};
  known.last = failed;
  known.last->account.clear();
  auto setback = Setback::Counts;
  if (!is_about_connections(failed)) setback = known.state.silent(now, evidence, known.sessions) ? Setback::Down : Setback::Counts;
  else setback = known.state.turned_away(now, evidence, others) == Destination::Setback::Down ? Setback::Down : Setback::TurnedAway;
  apply(key, known);
  if (setback != Setback::Down) return setback;
  if (key.starts_with("host:")) silent_hosts_.insert(key);
  known.releasing = known.full = false;
  known.backlog = 0;
  for (auto& job : lanes_.drain(key, Lane::Fresh)) untried.push_back(std::move(job));
  for (auto& job : lanes_.drain(key, Lane::Retry)) {
    if (!job.from.empty()) put_back(job);
    else untried.push_back(std::move(job));
  }
  gate(key, known, now);
  return setback;
}

bool Scheduler::take_back(const Slot& slot, RemoteJob& job) {
  if (job.turned_away >= most_turned_away || health(slot.destination) == Health::Down) return false;
  ++job.turned_away;
  if (!job.read_from.empty()) job.from = std::move(job.read_from);
  if (!job.from.empty()) job.message = nullptr;  // read again in its turn: an operator may have changed it meanwhile
  lanes_.take_back(slot, std::move(job));
  if (const auto found = known_.find(slot.destination); found != known_.end()) apply(slot.destination, found->second);
  return true;
}

std::uint32_t Scheduler::connections_of(const std::string& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? settings_.lanes.per_destination : std::max(1U, found->second.state.limit());
}

}  // namespace hikyaku::delivery
