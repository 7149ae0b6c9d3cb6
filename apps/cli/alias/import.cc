// hikyaku alias import
#include "apps/cli/access/directory_import.h"
#include "apps/cli/commands.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  auto parsed = directory::parse_aliases(text);
  TRY(rejected, editor.add_aliases(parsed.aliases, run_of(call)));
  return report_tried(call, std::move(parsed.bad), parsed.lines, std::move(rejected));
}

Exit run(Invocation& call) { return import_text(call, work); }

}  // namespace

Command alias_import_command() {
  return {.name = "alias import",
          .help = {"add the aliases of a text: alias TAB target", "テキストの別名を追加する(別名 TAB 転送先)"},
          .options = import_options(),
          .run = run};
}

}  // namespace hikyaku::cli
