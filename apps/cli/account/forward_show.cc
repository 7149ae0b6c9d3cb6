// hikyaku account forward show
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/directory_views.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  const auto& call = to.call();
  const directory::Account* only = nullptr;
  if (call.has("ADDRESS")) {
    TRY(found, wanted_account(directory, call.value("ADDRESS")));
    only = found;
  }
  for (const auto& account : directory.contents().accounts) {
    const auto* forward = directory.forward(account.id);
    if (forward == nullptr || (only != nullptr && only->id != account.id)) continue;
    const bool keeps = forward->keep == directory::KeepCopy::Yes;
    to.json().object().member("account", account.address.text()).flag("keep", keeps);
    to.json().texts("targets", forward->targets).texts("only_from", forward->only_from).end_object();
    const auto senders = forward->only_from.empty() ? std::string() : std::string(call.say({"only from ", "差出人限定: "})) + joined(forward->only_from);
    to.row({account.address.text(), joined(forward->targets), std::string(call.say(keeps ? Words{"keeps a copy", "コピーを残す"} : Words{"keeps no copy", "コピーを残さない"})), senders});
  }
  return {};
}

Exit run(Invocation& call) {
  return list_directory(call, {{"ACCOUNT", "アカウント"}, {"FORWARDED TO", "転送先"}, {"COPY", "コピー"}, {"SENDERS", "差出人"}},
                        {"Nothing is forwarded. Set one: hikyaku account forward set taro@example.jp taro@example.com", "転送設定はない。設定するには: hikyaku account forward set taro@example.jp taro@example.com"}, add_rows);
}

}  // namespace

Command account_forward_show_command() {
  return {.name = "account forward show",
          .help = {"the forwards of all accounts, or of one", "転送設定を表示する"},
          .options = {{"ADDRESS", OptionKind::OptionalArgument, {"only this account's", "このアカウントだけ"}}},
          .run = run};
}

}  // namespace hikyaku::cli
