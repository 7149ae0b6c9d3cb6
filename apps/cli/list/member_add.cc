// hikyaku list member add
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "apps/cli/list/members.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const auto run = run_of(call);
  TRY(changed, editor.add_members(call.value("LIST"), call.values("MEMBER"), run));
  report_members(call, changed, {"is a member already", "はすでにメンバー"});
  TRY(snapshot, editor.read());
  warn_of_lost_targets(call, snapshot->lost_targets(call.values("MEMBER")));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command list_member_add_command() {
  return {.name = "list member add",
          .help = {"add members to a mailing list", "メーリングリストにメンバーを加える"},
          .options = {{"LIST", OptionKind::Argument, {"the list's address", "リストのアドレス"}},
                      {"MEMBER", OptionKind::Arguments, {"who gets the list's mail from now on", "リストに加える人"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be done", "何をするかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
