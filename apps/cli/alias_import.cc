// hikyaku alias import
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto text = read_input(call, call.value("FILE"));
  if (!text) return Exit::Failed;
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  auto parsed = directory::parse_aliases(*text);
  std::vector<RefusedRow> refused;
  for (auto& bad : parsed.bad) refused.push_back({bad.line, std::move(bad.why)});
  const auto run = call.has("--dry-run") ? directory::Editor::Run::Dry : directory::Editor::Run::Really;
  auto rejected = access->editor().add_aliases(parsed.aliases, run);
  if (!rejected) return call.fail(rejected.error().what);
  for (auto& row : *rejected) refused.push_back({parsed.lines[row.index], std::move(row.why)});
  return report_import(call, parsed.aliases.size() - rejected->size(), std::move(refused));
}

}  // namespace

Command alias_import_command() {
  return {.name = "alias import",
          .help = {"add the aliases of a text: alias TAB target", "テキストの別名を追加する(別名 TAB 転送先)"},
          .options = {{"FILE", OptionKind::Argument, {"the text, - for standard input", "ファイル。- なら標準入力"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be taken", "取り込めるかどうかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
