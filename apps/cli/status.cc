// hikyaku status
#include <filesystem>

#include "apps/cli/commands.h"
#include "apps/cli/hold_view.h"
#include "apps/cli/services_view.h"

namespace hikyaku::cli {

namespace {

// Mail that does not move because somebody said so: the first thing to know when it does not move. Nothing: the directory
// cannot be read, and that was printed.
std::optional<std::vector<directory::Hold>> holds_of(Invocation& call, const std::string& data, WallTime now) {
  if (!std::filesystem::exists(data + "/directory")) return std::vector<directory::Hold>{};
  const auto directory = directory_now(call);
  return directory ? std::optional(running_holds(*directory, now)) : std::nullopt;
}

// The server's answer, and the holds beside it; without them when they are not known.
std::string with_holds(std::string answer, const std::optional<std::vector<directory::Hold>>& holds, WallTime now) {
  if (!holds || !answer.ends_with('}')) return answer;
  telemetry::JsonWriter json;
  json.array();
  for (const auto& hold : *holds) write_hold(json, hold, now);
  answer.pop_back();
  return answer + ",\"holds\":" + json.end_array().take() + "}";
}

Exit run(Invocation& call) {
  const auto answer = ask(call, {{"status"}});
  if (!answer) return Exit::Failed;
  const auto status = JsonView::parse(*answer);
  if (!status) return call.fail(Words{"the server's answer makes no sense", "サーバの応答を解釈できない"});
  const auto now = SystemClock{}.wall();
  const auto holds = holds_of(call, status->text("data"), now);
  if (call.json) return call.print(with_holds(*answer, holds, now)), Exit::Done;
  const std::string since = status->text("since").substr(0, 19);
  call.print(std::string(call.say({"Hikyaku runs since ", "Hikyaku 稼働開始 "})) + since + ", PID " + std::to_string(status->number("pid")) + ", " +
             status->text("settings") + ", " + status->text("data"));
  print_services(call, *status);
  if (holds && !holds->empty()) {
    call.print(call.say({"Mail on hold:", "保留中のメール:"}));
    print_holds(call, *holds, now);
  }
  for (const auto& service : status->at("services").items())
    if (service.text("state") == "failing") return Exit::Problem;
  return Exit::Done;
}

}  // namespace

Command status_command() {
  return {.name = "status",
          .help = {"how the server and its services stand", "サーバと各サービスの状態を表示する"},
          .run = run,
          .more = {"Exit status: 0 well, 1 no server answers, 3 a service keeps failing.", "終了コード: 0 正常、1 サーバが応答しない、3 異常なサービスがある。"}};
}

}  // namespace hikyaku::cli
