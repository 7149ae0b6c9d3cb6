// hikyaku list export
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(list, wanted_list(*snapshot, call.value("LIST")));
  telemetry::JsonWriter json;
  std::string text;
  json.array();
  for (const auto& member : list->members) json.text(member), text += member + '\n';
  json.end_array();
  if (call.json) call.print(json.take());
  else if (!text.empty()) call.print(text);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command list_export_command() {
  return {.name = "list export",
          .help = {"the members of a mailing list, one a row", "メンバーを 1 行に 1 アドレスで出力する"},
          .options = {{"LIST", OptionKind::Argument, {"the list's address", "リストのアドレス"}}},
          .run = run};
}

}  // namespace hikyaku::cli
