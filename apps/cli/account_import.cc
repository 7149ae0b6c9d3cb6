// hikyaku account import
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/progress.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto text = read_input(call, call.value("FILE"));
  if (!text) return Exit::Failed;
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  auto parsed = directory::parse_accounts(*text, call.value("--domain"));
  std::vector<RefusedRow> refused;
  for (auto& bad : parsed.bad) refused.push_back({bad.line, std::move(bad.why)});
  const std::size_t tried = parsed.accounts.size();
  const auto run = call.has("--dry-run") ? directory::Editor::Run::Dry : directory::Editor::Run::Really;
  auto rejected = [&] {
    Progress progress(tried);
    return access->editor().add_accounts(std::move(parsed.accounts), run, [&progress](std::size_t done) { progress.at(done); });
  }();
  if (!rejected) return call.fail(rejected.error().what);
  std::size_t there_already = 0;
  for (auto& row : *rejected) {
    if (row.rejection == directory::Editor::Rejection::ThereAlready) ++there_already;
    else refused.push_back({parsed.lines[row.index], std::move(row.why)});
  }
  return report_import(call, tried - rejected->size(), std::move(refused), there_already);
}

}  // namespace

Command account_import_command() {
  return {.name = "account import",
          .help = {"add the accounts of E-Post's table", "E-Post 形式の表からアカウントを追加する"},
          .options = {{"FILE", OptionKind::Argument, {"the text, - for standard input", "ファイル。- なら標準入力"}},
                      {"--domain", OptionKind::Value, {"put all into this domain", "すべてこのドメインに入れる"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be taken", "取り込めるかどうかだけを示す"}}},
          .run = run,
          .more = {"Account TAB Pass TAB Fullname TAB Domain TAB Homefolder TAB SMTPauth TAB APOP TAB MailboxSize TAB POP3 TAB IMAP4; what is there already is skipped.", "Account TAB Pass TAB Fullname TAB Domain TAB Homefolder TAB SMTPauth TAB APOP TAB MailboxSize TAB POP3 TAB IMAP4。既にあるものは飛ばす。"}};
}

}  // namespace hikyaku::cli
