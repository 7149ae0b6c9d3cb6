// hikyaku domain import
#include "apps/cli/commands.h"
#include "apps/cli/directory_import.h"
#include "apps/cli/directory_text.h"

namespace hikyaku::cli {

namespace {

// Nothing: it is taken, or with --dry-run could be.
directory::DirectoryResult<> add_row(const Invocation& call, directory::Editor& editor, std::string_view row) {
  const auto space = row.find_first_of("\t ");
  const auto last = [&row] { return row.substr(row.find_last_of("\t ") + 1); };
  const bool asks = space != std::string_view::npos && last() == "ask";
  if (asks) row = row.substr(0, row.find_last_not_of("\t ", row.size() - 4) + 1);
  const auto kind = domain_kind(space == std::string_view::npos ? "local" : last());
  if (!kind || (asks && *kind == directory::DomainKind::Local)) return directory::refuse(directory::DirectoryFailure::BadValue, "the kind is local, relay or pass-unknown, and may be followed by ask where it is not local.");
  if (call.has("--dry-run")) return {};
  TRY_VOID(editor.add_domain(row.substr(0, space), *kind));
  if (!asks) return {};
  return editor.set_recipient_check(row.substr(0, space), directory::RecipientCheck::Ask);
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
          .help = {"add the domains of a text: name TAB kind, and TAB ask", "テキストのドメインを追加する(名前 TAB 種別、TAB ask)"},
          .options = import_options(),
          .run = run};
}

}  // namespace hikyaku::cli
