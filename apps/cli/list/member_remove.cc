// hikyaku list member remove
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/list/members.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const auto run = run_of(call);
  TRY(changed, editor.remove_members(call.value("LIST"), call.values("MEMBER"), run));
  report_members(call, changed, {"was no member", "はメンバーではない"});
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command list_member_remove_command() {
  return {.name = "list member remove",
          .help = {"remove members from a mailing list", "メーリングリストからメンバーを外す"},
          .options = {{"LIST", OptionKind::Argument, {"the list's address", "リストのアドレス"}},
                      {"MEMBER", OptionKind::Arguments, {"who leaves the list", "リストから外す人"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be done", "何をするかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
