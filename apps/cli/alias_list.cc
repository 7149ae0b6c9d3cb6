// hikyaku alias list
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/text_table.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  telemetry::JsonWriter json;
  TextTable table;
  json.array();
  for (const auto& alias : snapshot->contents().aliases) {
    json.object().member("alias", alias.pattern).key("targets").array();
    std::string targets;
    for (const auto& target : alias.targets) json.text(target), targets += (targets.empty() ? "" : ", ") + target;
    json.end_array().key("lost").array();
    const auto lost = snapshot->lost_targets(alias);
    for (const auto& one : lost) json.text(one.target);
    json.end_array().end_object();
    table.add({alias.pattern, targets,
               lost.empty() ? "" : std::string(call.say({"NO MAIL TO: ", "届かない宛先: "})) + lost_targets_text(call, lost)});
  }
  call.print(call.json ? json.end_array().take() : table.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command alias_list_command() {
  return {.name = "alias list",
          .help = {"all aliases, and which of their targets get no mail", "全別名と、メールが届かない転送先を表示する"},
          .run = run};
}

}  // namespace hikyaku::cli
