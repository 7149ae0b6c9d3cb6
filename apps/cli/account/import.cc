// hikyaku account import
#include "apps/cli/access/directory_import.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/progress.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  auto parsed = directory::parse_accounts(text, call.value("--domain"));
  auto trying = [&] {
    Progress progress(parsed.accounts.size());
    return editor.add_accounts(std::move(parsed.accounts), run_of(call), [&progress](std::size_t done) { progress.at(done); });
  }();
  TRY(rejected, std::move(trying));
  return report_tried(call, std::move(parsed.bad), parsed.lines, std::move(rejected));
}

Exit run(Invocation& call) { return import_text(call, work); }

}  // namespace

Command account_import_command() {
  return {.name = "account import",
          .help = {"add the accounts of E-Post's table", "E-Post 形式の表からアカウントを追加する"},
          .options = import_options({{"--domain", OptionKind::Value, {"put all into this domain", "すべてこのドメインに入れる"}}}),
          .run = run,
          .more = {"Account TAB Pass TAB Fullname TAB Domain TAB Homefolder TAB SMTPauth TAB APOP TAB MailboxSize TAB POP3 TAB IMAP4; what is there already is skipped.", "Account TAB Pass TAB Fullname TAB Domain TAB Homefolder TAB SMTPauth TAB APOP TAB MailboxSize TAB POP3 TAB IMAP4。既にあるものは飛ばす。"}};
}

}  // namespace hikyaku::cli
