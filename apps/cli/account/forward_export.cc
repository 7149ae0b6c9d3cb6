// hikyaku account forward export
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  if (const auto text = directory::print_forwards(*snapshot); !text.empty()) call.print(text);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_forward_export_command() {
  return {.name = "account forward export",
          .help = {"forwards as text: account TAB targets TAB keep TAB senders", "転送設定をテキストで出力する"},
          .run = run,
          .own_form = true};
}

}  // namespace hikyaku::cli
