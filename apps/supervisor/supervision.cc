#include "apps/supervisor/supervision.h"

#include "base/check.h"

namespace hikyaku::apps {

namespace {
constexpr Duration kill_after_stop_limit = 5s;
}

Supervision::Supervision(std::vector<std::string> processes) {
  for (auto& name : processes) processes_.push_back({.name = std::move(name)});
}

Supervised& Supervision::find(std::string_view name) {
  for (auto& process : processes_)
    if (process.name == name) return process;
  throw_bug("no such process", std::source_location::current());
}

const Supervised& Supervision::one(std::string_view name) const { return const_cast<Supervision*>(this)->find(name); }

void Supervision::enter(Supervised& process, ProcessState state, Instant now) {
  process.state = state;
  process.since = now;
  if (state == ProcessState::Down || state == ProcessState::Waiting) process.pid = 0;
}

void Supervision::want(std::string_view name, bool up) {
  auto& process = find(name);
  process.wanted = up;
  process.restart = false;
  if (up) process.crashes_in_row = 0, process.again_at = {};
}

void Supervision::want_restart(std::string_view name) {
  auto& process = find(name);
  if (process.state == ProcessState::Waiting) return want(name, process.wanted);
  process.restart = process.wanted;
}

void Supervision::started(std::string_view name, int pid, Instant now) {
  auto& process = find(name);
  enter(process, ProcessState::Starting, now);
  process.pid = pid;
}

void Supervision::adopt(std::string_view name, int pid, Instant now) {
  started(name, pid, now);
  enter(find(name), ProcessState::Up, now);
}

void Supervision::ready(std::string_view name, Instant now) {
  auto& process = find(name);
  if (process.state == ProcessState::Starting) enter(process, ProcessState::Up, now);
}

void Supervision::not_started(std::string_view name, std::string_view why, Instant now) { failed(find(name), why, now); }

void Supervision::ended(std::string_view name, std::string_view how, Instant now) {
  auto& process = find(name);
  if (process.state == ProcessState::Stopping) {
    enter(process, ProcessState::Down, now);
    process.restart = false;
    return;
  }
  if (process.state == ProcessState::Up && now - process.since >= rules_.proven_after) process.crashes_in_row = 0;
  failed(process, how, now);
}

// The first crash of a row is mended at once; then 1, 2, 4... times restart_wait.
void Supervision::failed(Supervised& process, std::string_view why, Instant now) {
  process.last_problem = why;
  ++process.restarts;
  Duration wait{};
  if (++process.crashes_in_row > 1) {
    const int doublings = std::min(process.crashes_in_row - 2, 20);
    wait = std::min(rules_.restart_wait_max, rules_.restart_wait * (std::int64_t{1} << doublings));
  }
  enter(process, ProcessState::Waiting, now);
  process.again_at = now + wait;
}

std::vector<Action> Supervision::act(Instant now) {
  std::vector<Action> actions;
  for (auto& process : processes_) {
    const bool alive = process.state == ProcessState::Starting || process.state == ProcessState::Up;
    if (alive && (!process.wanted || process.restart)) {
      actions.push_back({process.wanted ? Action::Kind::StopForSuccessor : Action::Kind::Stop, process.name});
      enter(process, ProcessState::Stopping, now);
    } else if (process.state == ProcessState::Starting && now - process.since >= rules_.ready_limit) {
      process.last_problem = "was not ready in time";
      actions.push_back({Action::Kind::Kill, process.name});
      process.since = now;
    } else if (process.state == ProcessState::Stopping && now - process.since >= rules_.stop_limit + kill_after_stop_limit) {
      actions.push_back({Action::Kind::Kill, process.name});
      process.since = now;
    } else if (process.state == ProcessState::Waiting && !process.wanted) {
      enter(process, ProcessState::Down, now);
      actions.push_back({Action::Kind::Stop, process.name});
    } else if (process.wanted && (process.state == ProcessState::Down || (process.state == ProcessState::Waiting && now >= process.again_at))) {
      actions.push_back({Action::Kind::Start, process.name});
    }
  }
  return actions;
}

Instant Supervision::next_look() const {
  Instant next = Instant::max();
  for (const auto& process : processes_) {
    if (process.state == ProcessState::Waiting) next = std::min(next, process.again_at);
    if (process.state == ProcessState::Starting) next = std::min(next, process.since + rules_.ready_limit);
    if (process.state == ProcessState::Stopping) next = std::min(next, process.since + rules_.stop_limit + kill_after_stop_limit);
  }
  return next;
}

}  // namespace hikyaku::apps
