// hikyaku domain import
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto text = read_input(call, call.value("FILE"));
  if (!text) return Exit::Failed;
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  std::vector<RefusedRow> refused;
  std::size_t taken = 0;
  for (const auto& row : text_rows(*text)) {
    const auto tab = row.text.find_first_of("\t ");
    const auto kind = domain_kind(tab == std::string_view::npos ? "local" : row.text.substr(row.text.find_last_of("\t ") + 1));
    const auto name = row.text.substr(0, tab);
    if (!kind) {
      refused.push_back({row.line, "the kind is local, relay or pass-unknown."});
      continue;
    }
    if (!call.has("--dry-run")) {
      const auto added = access->editor().add_domain(name, *kind);
      if (!added) {
        refused.push_back({row.line, added.error().what});
        continue;
      }
    }
    ++taken;
  }
  return report_import(call, taken, std::move(refused));
}

}  // namespace

Command domain_import_command() {
  return {.name = "domain import",
          .help = {"add the domains of a text: name TAB kind", "テキストのドメインを追加する(名前 TAB 種別)"},
          .options = {{"FILE", OptionKind::Argument, {"the text, - for standard input", "ファイル。- なら標準入力"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be taken", "取り込めるかどうかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
