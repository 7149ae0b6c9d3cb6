// hikyaku account list
#include "apps/cli/commands.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/directory_views.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

std::string notes_of(const Invocation& call, const directory::Snapshot& directory, const directory::Account& account) {
  auto notes = account_notes(call, account);
  if (directory.suspension(account.id) != nullptr) notes += (notes.empty() ? "" : ", ") + std::string(call.say({"suspended", "送信停止中"}));
  return notes;
}

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  const auto& call = to.call();
  const auto wanted = directory::fold_domain(call.value("DOMAIN"));
  if (call.has("DOMAIN") && directory.domain(wanted) == nullptr)
    return directory::refuse(directory::DirectoryFailure::NotFound, "There is no domain " + wanted + "; see: hikyaku domain list");
  for (const auto& account : directory.contents().accounts) {
    if (call.has("DOMAIN") && account.address.domain != wanted) continue;
    write_account(to.json(), account, directory.suspension(account.id));
    to.row({account.address.text(), account.full_name, account.quota_octets == 0 ? "-" : settings::size_text({account.quota_octets}), notes_of(call, directory, account)});
  }
  return {};
}

Exit run(Invocation& call) {
  return list_directory(call, {{"ADDRESS", "アドレス"}, {"NAME", "氏名"}, {"QUOTA", "容量上限"}, {"NOTES", "備考"}},
                        {"There is no account yet. Add one: hikyaku account add taro@example.jp", "アカウントはまだない。追加するには: hikyaku account add taro@example.jp"}, add_rows);
}

}  // namespace

Command account_list_command() {
  return {.name = "account list",
          .help = {"accounts, all or of one domain", "アカウントを表示する(全体、または 1 ドメイン)"},
          .options = {{"DOMAIN", OptionKind::OptionalArgument, {"only this domain's", "このドメインだけ"}}},
          .run = run};
}

}  // namespace hikyaku::cli
