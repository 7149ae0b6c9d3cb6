// hikyaku account set
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "apps/cli/value.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(found, wanted_account(*snapshot, call.value("ADDRESS")));
  auto account = *found;
  const auto choose = [&](const char* option, directory::Enabled& to) {
    if (call.has(option)) to = call.value(option) == "yes" ? directory::Enabled::Yes : directory::Enabled::No;
  };
  if (call.has("--name")) account.full_name = call.value("--name");
  account.quota_octets = octets_of(call, "--quota").value_or(account.quota_octets);
  if (call.has("--address")) {
    TRY(renamed, wanted_address(call.value("--address")));
    account.address = renamed;
  }
  choose("--enabled", account.enabled), choose("--admin", account.admin), choose("--pop3", account.pop3), choose("--imap", account.imap);
  choose("--smtp", account.smtp_auth);
  TRY_VOID(editor.change_account(account));
  report_done(call, {"changed", "変更した"}, account.address.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_set_command() {
  return {.name = "account set",
          .help = {"change an account: name, quota, what it may use", "アカウントを変更する(氏名、容量、使える機能)"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}},
                      {"--address", OptionKind::Value, {"a new address; the mail stays", "新しいアドレス。メールはそのまま残る"}},
                      {"--name", OptionKind::Value, {"full name", "氏名"}},
                      value_option("--quota", Takes::SizeOrNone, {"largest size of all its mail, 0 for no limit", "容量の上限。0 なら無制限"}),
                      {"--enabled", OptionKind::Value, {"receives mail and may log in", "受信とログインを許す"}, {"yes", "no"}, true},
                      {"--admin", OptionKind::Value, {"may administer", "管理者にする"}, {"yes", "no"}, true},
                      {"--pop3", OptionKind::Value, {"may use POP3", "POP3 を許す"}, {"yes", "no"}, true},
                      {"--imap", OptionKind::Value, {"may use IMAP", "IMAP を許す"}, {"yes", "no"}, true},
                      {"--smtp", OptionKind::Value, {"may log in to send", "送信のためのログインを許す"}, {"yes", "no"}, true}},
          .run = run};
}

}  // namespace hikyaku::cli
