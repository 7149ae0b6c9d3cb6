// hikyaku account add
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/password_prompt.h"
#include "apps/cli/value.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  directory::Account account;
  TRY(address, wanted_address(call.value("ADDRESS")));
  account.address = address;
  account.full_name = call.value("--name");
  account.admin = call.has("--admin") ? directory::Enabled::Yes : directory::Enabled::No;
  account.quota_octets = octets_of(call, "--quota").value_or(0);
  // Before anybody types a password for nothing.
  TRY(refused, editor.add_accounts({{.account = account}}, directory::Editor::Run::Dry));
  if (!refused.empty()) return directory::refuse(directory::DirectoryFailure::BadValue, refused.front().why);
  std::optional<std::string> password;
  if (!call.has("--no-password")) {
    TRY(given, wanted_password(call));
    password = given;
  }
  TRY_VOID(editor.add_account(account, password ? std::optional<std::string_view>(*password) : std::nullopt));
  report_done(call, {"added", "追加した"}, address.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_add_command() {
  return {.name = "account add",
          .help = {"add an account; asks for its password", "アカウントを追加する(パスワードを尋ねる)"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}},
                      {"--name", OptionKind::Value, {"full name", "氏名"}},
                      value_option("--quota", Takes::SizeOrNone, {"largest size of all its mail: \"2GiB\"", "容量の上限: \"2GiB\""}),
                      {"--password-stdin", OptionKind::Flag, {"read the password from the first line of standard input", "パスワードを標準入力の 1 行目から読む"}},
                      {"--no-password", OptionKind::Flag, {"nobody can log in yet", "パスワードを設定しない"}},
                      {"--admin", OptionKind::Flag, {"may administer; the first one gets postmaster's mail", "管理者。最初の管理者が postmaster 宛を受け取る"}}},
          .run = run};
}

}  // namespace hikyaku::cli
