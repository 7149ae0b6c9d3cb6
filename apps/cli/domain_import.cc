// hikyaku domain import
#include "apps/cli/commands.h"
#include "apps/cli/directory_import.h"
#include "apps/cli/directory_text.h"

namespace hikyaku::cli {

namespace {

// Nothing: it is taken, or with --dry-run could be.
directory::DirectoryResult<> add_row(const Invocation& call, directory::Editor& editor, std::string_view row) {
  const auto space = row.find_first_of("\t ");
  const auto kind = domain_kind(space == std::string_view::npos ? "local" : row.substr(row.find_last_of("\t ") + 1));
  if (!kind) return directory::refuse(directory::DirectoryFailure::BadValue, "the kind is local, relay or pass-unknown.");
  if (call.has("--dry-run")) return {};
  return editor.add_domain(row.substr(0, space), *kind);
}

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  std::vector<directory::BadRow> refused;
  const auto rows = text_rows(text);
  for (const auto& row : rows)
    if (auto added = add_row(call, editor, row.text); !added) refused.push_back({row.line, std::move(added.error().what)});
  const auto taken = rows.size() - refused.size();
  return report_import(call, taken, std::move(refused));
}

Exit run(Invocation& call) { return import_text(call, work); }

}  // namespace

Command domain_import_command() {
  return {.name = "domain import",
          .help = {"add the domains of a text: name TAB kind", "テキストのドメインを追加する(名前 TAB 種別)"},
          .options = import_options(),
          .run = run};
}

}  // namespace hikyaku::cli
