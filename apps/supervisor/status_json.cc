#include "apps/supervisor/status_json.h"

#include "apps/supervisor/service_table.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::apps {

namespace {

std::string_view state_name(ProcessState state) {
  switch (state) {
    case ProcessState::Down: return "down";
    case ProcessState::Starting: return "starting";
    case ProcessState::Up: return "running";
    case ProcessState::Stopping: return "stopping";
    case ProcessState::Waiting: return "failing";
  }
  return "down";
}

using Json = telemetry::JsonWriter;

void write_process(Json& json, const Supervised& process, const StatusFacts& facts) {
  const auto since = facts.wall_now - std::chrono::duration_cast<std::chrono::microseconds>(facts.now - process.since);
  json.object().key("name").text(process.name).key("state").text(state_name(process.state));
  if (process.pid != 0) json.key("pid").number(static_cast<std::uint64_t>(process.pid));
  if (process.since != Instant{}) json.key("since").text(telemetry::stamp_text(since));
  json.key("restarts").number(process.restarts);
  if (const auto known = facts.protection->find(process.name); known != facts.protection->end() && process.pid != 0)
    json.key("confinement").text(protection_name(known->second));
  if (!process.last_problem.empty()) json.key("last_problem").text(process.last_problem);
  json.end_object();
}

void write_end(Json& json, const UnsaidEnd& end) {
  json.object().member("process", name_of(end.of)).member("pid", static_cast<std::uint64_t>(end.pid));
  if (end.heard != WallTime{}) json.member("last_heard", telemetry::stamp_text(end.heard));
  json.member("successor_since", telemetry::stamp_text(end.until)).member("how", end.how).end_object();
}

void write_service(Json& json, const ServiceEntry& service, const StatusFacts& facts) {
  json.object().key("name").text(service.name).key("state").text(service_state(service.name, facts));
  if (const auto stopped = facts.stopped->find(service.name); stopped != facts.stopped->end())
    json.key("stopped_since").text(telemetry::stamp_text(stopped->second.since)).key("stopped_by").text(stopped->second.by);
  json.key("aliases").array();
  for (const auto alias : service.aliases) json.text(alias);
  json.end_array().key("processes").array();
  for (const auto& process : service.processes) write_process(json, facts.supervision->one(process.name), facts);
  json.end_array().key("listeners").array();
  for (const auto& process : service.processes)
    for (const auto name : process.listeners)
      for (const auto& listener : facts.listeners)
        if (listener.name == name) json.object().key("name").text(name).key("address").text(listener.address).end_object();
  json.end_array().end_object();
}

}  // namespace

std::string service_state(std::string_view name, const StatusFacts& facts) {
  const auto* service = find_service(name);
  if (!is_configured(*service, *facts.settings)) return "not configured";
  bool all_up = true, any_alive = false, starting = false, failing = false, stopping = false;
  for (const auto& entry : service->processes) {
    const auto& process = facts.supervision->one(entry.name);
    all_up &= process.state == ProcessState::Up;
    any_alive |= process.pid != 0;
    starting |= process.state == ProcessState::Starting || (process.state == ProcessState::Down && process.wanted);
    failing |= process.state == ProcessState::Waiting;
    stopping |= process.state == ProcessState::Stopping;
  }
  if (all_up) return "running";
  if (failing) return "failing";
  if (stopping) return "stopping";
  if (starting) return "starting";
  return any_alive ? "starting" : "stopped";
}

std::string status_json(const StatusFacts& facts) {
  Json json;
  json.object().key("pid").number(static_cast<std::uint64_t>(facts.parent_pid));
  json.key("control_pid").number(static_cast<std::uint64_t>(facts.control_pid));
  json.key("since").text(telemetry::stamp_text(facts.began)).key("settings").text(facts.settings_path);
  json.key("data").text(facts.settings->node.data()).key("ended_unsaid").array();
  for (const auto& end : *facts.ends) write_end(json, end);
  json.end_array().key("services").array();
  for (const auto& service : service_table())
    if (!service.processes.empty()) write_service(json, service, facts);  // what this version has
  return json.end_array().end_object().take();
}

}  // namespace hikyaku::apps
