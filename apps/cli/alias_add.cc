// hikyaku alias add
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY_VOID(editor.add_alias(call.value("ALIAS"), call.values("TARGET")));
  report_done(call, {"added", "追加した"}, call.value("ALIAS"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command alias_add_command() {
  return {.name = "alias add",
          .help = {"send mail for an address to others (*@domain: everything else)", "別名を追加する(*@domain は残り全部)"},
          .options = {{"ALIAS", OptionKind::Argument, {"name@domain, prefix*@domain or *@domain", "name@domain、prefix*@domain、または *@domain"}},
                      {"TARGET", OptionKind::Arguments, {"where it goes", "転送先"}}},
          .run = run};
}

}  // namespace hikyaku::cli
