// hikyaku route remove
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY_VOID(editor.remove_route(call.value("PATTERN")));
  report_done(call, {"removed", "削除した"}, call.value("PATTERN"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_remove_command() {
  return {.name = "route remove",
          .help = {"remove the rows of a pattern", "あるパターンの行を削除する"},
          .options = {{"PATTERN", OptionKind::Argument, {"as it was added", "追加したときの形"}}},
          .run = run};
}

}  // namespace hikyaku::cli
