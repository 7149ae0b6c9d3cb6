// hikyaku domain remove
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY_VOID(editor.remove_domain(call.value("DOMAIN")));
  report_done(call, {"removed", "削除した"}, call.value("DOMAIN"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command domain_remove_command() {
  return {.name = "domain remove",
          .help = {"remove a domain that has no accounts and aliases left", "アカウントも別名も残っていないドメインを削除する"},
          .options = {{"DOMAIN", OptionKind::Argument, {"its name", "ドメイン名"}}},
          .run = run};
}

}  // namespace hikyaku::cli
