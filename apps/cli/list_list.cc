// hikyaku list list
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/list_options.h"
#include "apps/cli/text_table.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  telemetry::JsonWriter json;
  TextTable table;
  json.array();
  for (const auto& list : snapshot->contents().lists) {
    write_list(json, list);
    table.add({list.address, std::to_string(list.members.size()) + std::string(call.say({" members", " 人"})), std::string(posting_words(call, list.posting)), list.about});
  }
  call.print(call.json ? json.end_array().take() : table.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command list_list_command() {
  return {.name = "list list",
          .help = {"all mailing lists", "全メーリングリストを表示する"},
          .run = run};
}

}  // namespace hikyaku::cli
