// hikyaku alias remove
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY_VOID(editor.remove_alias(call.value("ALIAS"), call.values("TARGET")));
  report_done(call, {"removed", "削除した"}, call.value("ALIAS"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command alias_remove_command() {
  return {.name = "alias remove",
          .help = {"remove an alias, or some of its targets", "別名、またはその転送先の一部を削除する"},
          .options = {{"ALIAS", OptionKind::Argument, {"as it was added", "追加したときの形"}},
                      {"TARGET", OptionKind::OptionalArgument, {"only this target", "この転送先だけ"}}},
          .run = run};
}

}  // namespace hikyaku::cli
