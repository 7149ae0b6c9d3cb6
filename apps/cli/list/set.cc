// hikyaku list set
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/list/options.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY_VOID(editor.change_list(call.value("ADDRESS"), [&](directory::MailingList& list) { take_list_options(call, list); },
                              run_of(call)));
  report_done(call, call.has("--dry-run") ? Words{"could be changed", "変更できる"} : Words{"changed", "変更した"}, call.value("ADDRESS"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command list_set_command() {
  return {.name = "list set",
          .help = {"change a mailing list; what is not given stays", "メーリングリストの設定を変える。指定しない項目はそのまま"},
          .options = list_options(),
          .run = run};
}

}  // namespace hikyaku::cli
