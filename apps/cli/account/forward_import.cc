// hikyaku account forward import
#include "apps/cli/access/directory_import.h"
#include "apps/cli/commands.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  auto parsed = directory::parse_forwards(text);
  TRY(rejected, editor.set_forwards(parsed.forwards, run_of(call)));
  return report_tried(call, std::move(parsed.bad), parsed.lines, std::move(rejected));
}

Exit run(Invocation& call) { return import_text(call, work); }

}  // namespace

Command account_forward_import_command() {
  return {.name = "account forward import",
          .help = {"set the forwards of a text: account TAB targets TAB keep TAB senders", "テキストの転送設定を取り込む(アカウント TAB 転送先 TAB コピーを残すか TAB 差出人)"},
          .options = import_options(),
          .run = run};
}

}  // namespace hikyaku::cli
