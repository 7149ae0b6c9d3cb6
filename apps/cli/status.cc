// hikyaku status
#include <filesystem>

#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/hold_view.h"
#include "apps/cli/services_view.h"

namespace hikyaku::cli {

namespace {

// Mail that does not move because somebody said so: the first thing to know when it does not move.
directory::DirectoryResult<> tell_holds(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  const auto now = SystemClock{}.wall();
  std::vector<directory::Hold> running;
  for (const auto& hold : snapshot->contents().holds)
    if (hold.runs(now)) running.push_back(hold);
  if (running.empty()) return {};
  call.print(call.say({"Mail on hold:", "保留中のメール:"}));
  print_holds(call, running, now);
  return {};
}

Exit run(Invocation& call) {
  const auto answer = ask(call, {{"status"}});
  if (!answer) return Exit::Failed;
  if (call.json) return call.print(*answer), Exit::Done;
  const auto status = JsonView::parse(*answer);
  if (!status) return call.fail("the server's answer makes no sense");
  const std::string since = status->text("since").substr(0, 19);
  call.print(std::string(call.say({"Hikyaku runs since ", "Hikyaku 稼働開始 "})) + since + ", PID " + std::to_string(status->number("pid")) + ", " +
             status->text("settings") + ", " + status->text("data"));
  print_services(call, *status);
  if (std::filesystem::exists(status->text("data") + "/directory")) (void)with_directory(call, tell_holds);
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
