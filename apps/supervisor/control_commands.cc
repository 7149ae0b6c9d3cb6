// What `hikyaku service`, `status` and `config reload` ask of a running server, and the answers that wait for an outcome.
#include <sys/socket.h>

#include <algorithm>

#include "apps/supervisor/control_process.h"
#include "services/settings/last_good.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;
constexpr std::size_t most_commands = 64;  // waiting at once
constexpr Duration reload_patience = 10s;  // with a process that does not take new settings
constexpr Duration start_patience = 65s;   // an answer to "start" is given by then

}  // namespace

void ControlProcess::hear_caller() {
  io::Descriptor connection(accept4(control_socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection) return;
  if (Caller caller; !may_command(connection.get(), caller) || is_service(caller.pid))
    return refuse(std::move(connection), {false, caller.name + " may not command this server. Remedy: run this as root."});
  if (callers_.size() + pending_.size() >= most_commands)
    return refuse(std::move(connection), {false, "the server is busy with other commands. Remedy: try again."});
  callers_.emplace_back(std::move(connection), clock_.now());
}

void ControlProcess::obey(io::Descriptor connection, const Caller& caller, const std::vector<std::string>& words) {
  if (words[0] == "status") return send_answer(connection.get(), {true, status_json(facts())});
  if (words[0] == "reload") return reload(std::move(connection));
  const auto* service = words.size() >= 2 ? find_service(words[1]) : nullptr;
  if (!service) return send_answer(connection.get(), {false, "there is no such service. Remedy: `hikyaku service list` names them."});
  if (words[0] == "start" || words[0] == "stop" || words[0] == "restart") return order(std::move(connection), caller, words[0], *service);
  send_answer(connection.get(), {false, "the server does not know the command \"" + words[0] + "\"; it may be of another version."});
}

void ControlProcess::order(io::Descriptor connection, const Caller& caller, const std::string& verb, const ServiceEntry& service) {
  if (!is_configured(service, *settings_.values))
    return send_answer(connection.get(), {false, why_not_configured(service)});
  const std::string name(service.name);
  auto before = stopped_;
  if (verb == "stop") stopped_.try_emplace(name, StoppedByCommand{clock_.wall(), caller.name});
  if (verb == "start") stopped_.erase(name);
  if (verb == "restart" && stopped_.contains(name))
    return send_answer(connection.get(), {false, name + " is stopped. Remedy: `hikyaku service start " + name + "`."});
  if (stopped_ != before) {
    if (const auto saved = save_stopped(disk_, stopped_path(), stopped_); !saved) {
      stopped_ = std::move(before);
      return send_answer(connection.get(), {false, "the order could not be written down: " + saved.error().what});
    }
  }
  wish_services();
  for (const auto& process : service.processes) {
    if (verb == "restart") supervision_.want_restart(process.name);
    if (verb == "start" && supervision_.one(process.name).state == ProcessState::Waiting) supervision_.want(process.name, true);
  }
  carry_out();
  const auto patience = verb == "start" ? start_patience : Duration{settings_.values->serve.stop_limit()} + start_patience;
  pending_.push_back({std::move(connection), name, verb != "stop", clock_.now() + patience});
}

void ControlProcess::answer_pending() {
  std::vector<Pending> rest;
  for (auto& pending : pending_) {
    const auto now = facts();
    const std::string state = service_state(pending.service, now);
    std::string problem;
    bool restarting = false;
    for (const auto& entry : find_service(pending.service)->processes) {
      const auto& process = supervision_.one(entry.name);
      restarting |= process.restart;
      if (process.state == ProcessState::Waiting) problem = std::string(entry.name) + ": " + process.last_problem;
    }
    if (state == (pending.up ? "running" : "stopped") && !restarting)
      send_answer(pending.connection.get(), {true, status_json(now)});
    else if (pending.up && state == "failing")
      send_answer(pending.connection.get(), {false, pending.service + " does not start: " + problem + ". Remedy: `hikyaku log --service " + pending.service + "`; it is tried again."});
    else if (clock_.now() >= pending.until || (shutting_down_ && pending.up))
      send_answer(pending.connection.get(), {false, pending.service + " is still " + state + "."});
    else
      rest.push_back(std::move(pending));
  }
  pending_ = std::move(rest);
}

void ControlProcess::reload(io::Descriptor connection) {
  if (const auto mistakes = read_settings()) {
    log_->write(events::settings_refused, {.reason = *mistakes});
    if (connection) send_answer(connection.get(), {false, *mistakes});
    return;
  }
  log_->set_retention(static_cast<int>(settings_.values->log.retention_days()));
  wish_services();
  for (const auto& service : service_table())
    for (const auto& process : service.processes)
      if (supervision_.one(process.name).pid != 0) {
        link_.tell(ControlKind::ReloadProcess, spawn_message(process).encode());
        if (supervision_.one(process.name).state == ProcessState::Up) ++taking_[std::string(process.name)];
      }
  keep_as_last_good();
  log_->write(events::settings_reloaded, {.service = "supervisor"});
  if (connection) reloads_.emplace_back(std::move(connection), clock_.now() + reload_patience);
}

// A command returns when its settings are in force: then a test, and a person, may rely on them.
void ControlProcess::answer_reloads() {
  if (reloads_.empty()) return;
  std::string behind;
  for (const auto& [name, count] : taking_) behind += (behind.empty() ? "" : ", ") + name;
  std::vector<std::pair<io::Descriptor, Instant>> rest;
  for (auto& [connection, until] : reloads_) {
    if (behind.empty()) answer_reload(connection);
    else if (clock_.now() >= until || shutting_down_) send_answer(connection.get(), {false, "The settings were read, but " + behind + " has not taken them yet. Remedy: look again with `hikyaku status`."});
    else rest.emplace_back(std::move(connection), until);
  }
  reloads_ = std::move(rest);
}

void ControlProcess::answer_reload(const io::Descriptor& connection) {
  telemetry::JsonWriter waiting;
  waiting.array();
  for (const auto& one : waiting_settings()) waiting.object().member("setting", one.setting).member("restart", one.restart).end_object();
  std::string answer = status_json(facts());
  answer.pop_back();
  send_answer(connection.get(), {true, answer + ",\"waiting\":" + waiting.end_array().take() + "}"});
}

void ControlProcess::keep_as_last_good() {
  const auto kept = io::replace_file(disk_, settings::last_good_path(begun_.data_folder), settings_.text);
  if (!kept) dprintf(STDERR_FILENO, "hikyaku: the settings in force could not be kept: %s\n", kept.error().what.c_str());
}

bool ControlProcess::take_last_good() {
  constexpr std::uint64_t most = 1 << 20;
  auto kept = io::read_file(disk_, settings::last_good_path(begun_.data_folder), most);
  return kept && !take_settings(std::move(*kept));
}

std::vector<WaitingSetting> ControlProcess::waiting_settings() const {
  auto all = waiting_for_serve(*began_with_, *settings_.values);
  for (const auto& service : service_table())
    for (const auto& process : service.processes) {
      const auto started = started_with_.find(std::string(process.name));
      if (started == started_with_.end() || supervision_.one(process.name).pid == 0) continue;
      for (auto& one : waiting_for_service(service.name, *started->second, *settings_.values))
        if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
    }
  return all;
}

}  // namespace hikyaku::apps
