#include "apps/cli/service/services_view.h"

#include <map>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/terminal/listing.h"
#include "apps/service/protection.h"
#include "apps/supervisor/service_table.h"
#include "services/settings/nearest.h"
#include "services/telemetry/operator_events.h"

namespace hikyaku::cli {

namespace {

Words state_words(std::string_view state) {
  if (state == "running") return {"running", "稼働中"};
  if (state == "starting") return {"starting", "開始中"};
  if (state == "stopping") return {"stopping", "停止処理中"};
  if (state == "stopped") return {"stopped", "停止"};
  if (state == "failing") return {"failing", "異常"};
  return {"not configured", "未設定"};
}

std::string details(const Invocation& call, const JsonView& service) {
  if (service.has("stopped_by"))
    return call.language == Language::Japanese ? service.text("stopped_by") + " が " + short_stamp(service.text("stopped_since")) + " に停止"
                                               : "since " + short_stamp(service.text("stopped_since")) + " by " + service.text("stopped_by");
  std::string out, problem;
  for (const auto& listener : service.at("listeners").items()) out += (out.empty() ? "" : " ") + listener.text("name") + "=" + listener.text("address");
  std::uint64_t restarts = 0;
  for (const auto& process : service.at("processes").items()) {
    restarts += process.number("restarts");
    if (!process.text("last_problem").empty()) problem = process.text("last_problem");
  }
  if (restarts > 0) {
    if (!out.empty()) out += "; ";
    out += std::string(call.say({"restarted after a crash: ", "異常終了後の再起動: "})) + std::to_string(restarts) + " (" + problem + ")";
  }
  return out;
}

// What is missing of the confinement of a service's processes.
std::optional<apps::Protection> weakness(const JsonView& service) {
  for (const auto& process : service.at("processes").items()) {
    const auto known = apps::protection_named(process.text("confinement"));
    if (known && *known != apps::Protection::Full) return known;
  }
  return std::nullopt;
}

std::string pids(const JsonView& service) {
  std::string out;
  for (const auto& process : service.at("processes").items())
    if (process.has("pid")) out += (out.empty() ? "" : ",") + std::to_string(process.number("pid"));
  return out;
}

}  // namespace

std::string short_stamp(const std::string& stamp) { return stamp.size() < 19 ? stamp : stamp.substr(0, 10) + " " + stamp.substr(11, 8); }

std::optional<std::string> ask(Invocation& call, const apps::ControlRequest& request) {
  const auto settings = call.settings();
  if (!settings) return std::nullopt;
  auto answer = apps::ask_server(settings->node.data(), request);
  if (!answer) return call.fail(answer.error()), std::nullopt;
  if (!answer->good) return call.fail(answer->text), std::nullopt;
  return std::move(answer->text);
}

void print_services(Invocation& call, const JsonView& status) {
  auto table = headed_table(call, {{"SERVICE", "サービス"}, {"E-POST", "E-POST"}, {"STATE", "状態"}, {"PID", "PID"}, {"LISTENS ON, NOTES", "待ち受け・備考"}});
  for (const auto& service : status.at("services").items()) {
    const auto aliases = service.at("aliases").texts();
    table.add({service.text("name"), aliases.empty() ? "" : aliases.front(), std::string(call.say(state_words(service.text("state")))), pids(service),
               details(call, service)});
  }
  call.print(table.text());
  // One line for each thing that is missing, with the services that miss it.
  std::map<apps::Protection, std::string> missing;
  for (const auto& service : status.at("services").items())
    if (const auto found = weakness(service)) missing[*found] += (missing[*found].empty() ? "" : ", ") + service.text("name");
  for (const auto& [protection, services] : missing) {
    const auto words = apps::protection_words(protection);
    call.print(std::string(call.say({"WARNING: ", "警告: "})) + services + ": " + std::string(call.say({words.english, words.japanese})) + std::string(call.say({".", "。"})));
  }
}

std::string service_line(const Invocation& call, const JsonView& service) {
  const std::string more = details(call, service);
  return service.text("name") + ": " + std::string(call.say(state_words(service.text("state")))) + (more.empty() ? "" : " (" + more + ")");
}

const apps::ServiceEntry* wanted_service(const Invocation& call) {
  const auto word = call.value("SERVICE");
  if (const auto* service = apps::find_service(word)) return service;
  const auto nearest = settings::nearest_name(word, service_choices());
  if (nearest) (void)call.fail("There is no service \"" + word + "\". Did you mean \"" + std::string(*nearest) + "\"?");
  else (void)call.fail("There is no service \"" + word + "\". Remedy: `hikyaku service list` names them.");
  return nullptr;
}

// The services' own lines say when; who it was stands here. Where the log cannot be written it was done all the same.
void tell_order(Invocation& call) {
  const std::string by = calling_user();  // before another user is taken on
  if (!enter_data_folder(call)) return;
  OperatorLog log(call);
  log.log().write(telemetry::events::service_ordered, {.by = by, .text = call.command});
}

Exit order_service(Invocation& call, std::string_view verb, std::string_view more_json) {
  const auto* entry = wanted_service(call);
  if (entry == nullptr) return Exit::Failed;
  const auto answer = ask(call, {{std::string(verb), call.value("SERVICE")}});
  if (!answer) return Exit::Failed;
  const auto status = JsonView::parse(*answer);
  if (!status) return call.fail("the server's answer makes no sense");
  for (const auto& service : status->at("services").items()) {
    if (service.text("name") != entry->name) continue;
    if (call.json) call.print("{\"service\":\"" + service.text("name") + "\",\"state\":\"" + service.text("state") + "\"" + std::string(more_json) + "}");
    else call.print(service_line(call, service));
  }
  tell_order(call);
  return Exit::Done;
}

std::vector<std::string_view> service_choices() {
  std::vector<std::string_view> names;
  for (const auto& service : apps::service_table()) {
    if (service.processes.empty()) continue;  // not in this version
    names.push_back(service.name);
    for (const auto alias : service.aliases)
      if (alias.find(' ') == std::string_view::npos) names.push_back(alias);
  }
  return names;
}

}  // namespace hikyaku::cli
