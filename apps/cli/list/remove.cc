// hikyaku list remove
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const bool dry = call.has("--dry-run");
  TRY_VOID(editor.remove_list(call.value("ADDRESS"), dry ? directory::Editor::Run::Dry : directory::Editor::Run::Really));
  report_done(call, dry ? Words{"would be removed", "削除できる"} : Words{"removed", "削除した"}, call.value("ADDRESS"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command list_remove_command() {
  return {.name = "list remove",
          .help = {"remove a mailing list with its members", "メーリングリストを削除する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"the list's address", "リストのアドレス"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be done", "何をするかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
