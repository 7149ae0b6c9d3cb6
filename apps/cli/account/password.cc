// hikyaku account password
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/password_prompt.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(password, wanted_password(call));
  TRY_VOID(editor.set_password(call.value("ADDRESS"), password));
  report_done(call, {"the password is set", "パスワードを設定した"}, call.value("ADDRESS"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_password_command() {
  return {.name = "account password",
          .help = {"set an account's password", "アカウントのパスワードを設定する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}},
                      {"--password-stdin", OptionKind::Flag, {"read the password from the first line of standard input", "パスワードを標準入力の 1 行目から読む"}}},
          .run = run};
}

}  // namespace hikyaku::cli
