// hikyaku alias export
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  if (!snapshot->contents().aliases.empty()) call.print(directory::print_aliases(snapshot->contents().aliases));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command alias_export_command() {
  return {.name = "alias export",
          .help = {"aliases as text: alias TAB target", "別名をテキストで出力する(別名 TAB 転送先)"},
          .run = run,
          .own_form = true, .json_by = "alias list"};
}

}  // namespace hikyaku::cli
