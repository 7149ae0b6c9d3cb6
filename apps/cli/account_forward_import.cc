// hikyaku account forward import
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
  auto parsed = directory::parse_forwards(*text);
  std::vector<RefusedRow> refused;
  for (auto& bad : parsed.bad) refused.push_back({bad.line, std::move(bad.why)});
  auto rejected = access->editor().set_forwards(parsed.forwards, call.has("--dry-run") ? directory::Editor::Run::Dry : directory::Editor::Run::Really);
  if (!rejected) return call.fail(rejected.error().what);
  for (auto& row : *rejected) refused.push_back({parsed.lines[row.index], std::move(row.why)});
  return report_import(call, parsed.forwards.size() - rejected->size(), std::move(refused));
}

}  // namespace

Command account_forward_import_command() {
  return {.name = "account forward import",
          .help = {"set the forwards of a text: account TAB targets TAB keep TAB senders", "テキストの転送設定を取り込む(アカウント TAB 転送先 TAB コピーを残すか TAB 差出人)"},
          .options = {{"FILE", OptionKind::Argument, {"the text, - for standard input", "ファイル。- なら標準入力"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be taken", "取り込めるかどうかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
