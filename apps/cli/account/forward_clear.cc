// hikyaku account forward clear
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const bool dry = call.has("--dry-run");
  TRY_VOID(editor.clear_forward(call.value("ADDRESS"), dry ? directory::Editor::Run::Dry : directory::Editor::Run::Really));
  report_done(call, dry ? Words{"would be forwarded no more", "転送をやめられる"} : Words{"is forwarded no more", "転送をやめた"}, call.value("ADDRESS"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_forward_clear_command() {
  return {.name = "account forward clear",
          .help = {"keep an account's mail here again", "転送をやめる"},
          .options = {{"ADDRESS", OptionKind::Argument, {"the account", "アカウント"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be done", "何をするかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
