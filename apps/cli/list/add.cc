// hikyaku list add
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/list/options.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  directory::MailingList list;
  list.address = call.value("ADDRESS");
  take_list_options(call, list);
  TRY_VOID(editor.add_list(list, run_of(call)));
  report_done(call, call.has("--dry-run") ? Words{"could be added", "追加できる"} : Words{"added", "追加した"}, list.address);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command list_add_command() {
  return {.name = "list add",
          .help = {"make a mailing list", "メーリングリストを作る"},
          .options = list_options(),
          .run = run,
          .more = {"Members come next: hikyaku list member add, or hikyaku list import.", "次にメンバーを加える: hikyaku list member add または hikyaku list import"}};
}

}  // namespace hikyaku::cli
