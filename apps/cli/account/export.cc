// hikyaku account export
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "base/cursor.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  std::vector<directory::Account> accounts;
  for (const auto& account : snapshot->contents().accounts)
    if (!call.has("DOMAIN") || equal_ignoring_case(account.address.domain, call.value("DOMAIN"))) accounts.push_back(account);
  if (!accounts.empty()) call.print(directory::print_accounts(accounts));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_export_command() {
  return {.name = "account export",
          .help = {"accounts as E-Post's table (no passwords)", "アカウントを E-Post 形式の表で出力する(パスワードなし)"},
          .options = {{"DOMAIN", OptionKind::OptionalArgument, {"only this domain's", "このドメインだけ"}}},
          .run = run,
          .own_form = true, .json_by = "account list"};
}

}  // namespace hikyaku::cli
