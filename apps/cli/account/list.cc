// hikyaku account list
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/directory_views.h"
#include "apps/cli/account/usage.h"
#include "apps/cli/commands.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

std::string notes_of(const Invocation& call, const directory::Snapshot& directory, const directory::Account& account) {
  auto notes = account_notes(call, account);
  if (directory.suspension(account.id) != nullptr) notes += (notes.empty() ? "" : ", ") + std::string(call.say({"suspended", "送信停止中"}));
  return notes;
}

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  auto& call = to.call();
  const auto wanted = directory::fold_domain(call.value("DOMAIN"));
  if (call.has("DOMAIN") && directory.domain(wanted) == nullptr)
    return directory::refuse(directory::DirectoryFailure::NotFound, "There is no domain " + wanted + "; see: hikyaku domain list");
  const auto usage = call.has("--used") ? AccountUsage::open(call) : nullptr;
  for (const auto& account : directory.contents().accounts) {
    if (call.has("DOMAIN") && account.address.domain != wanted) continue;
    const auto used = usage ? usage->of(account) : std::nullopt;
    write_account(to.json(), account, directory.suspension(account.id), used ? &*used : nullptr);
    std::vector<std::string> row{account.address.text(), account.full_name};
    if (call.has("--used")) row.push_back(used ? used_text(call, account, *used) : "?"), row.push_back(used ? std::to_string(used->messages) : "?");
    else row.push_back(account.quota_octets == 0 ? "-" : settings::size_text({account.quota_octets}));
    row.push_back(notes_of(call, directory, account));
    to.row(std::move(row));
  }
  return {};
}

Exit run(Invocation& call) {
  std::vector<Words> headings{{"ADDRESS", "アドレス"}, {"NAME", "氏名"}};
  if (call.has("--used")) headings.push_back({"USED", "使用量"}), headings.push_back({"MESSAGES", "通数"});
  else headings.push_back({"QUOTA", "容量上限"});
  headings.push_back({"NOTES", "備考"});
  return list_directory(call, headings,
                        {"There is no account yet. Add one: hikyaku account add taro@example.jp", "アカウントはまだない。追加するには: hikyaku account add taro@example.jp"}, add_rows);
}

}  // namespace

Command account_list_command() {
  return {.name = "account list",
          .help = {"accounts, all or of one domain", "アカウントを表示する(全体、または 1 ドメイン)"},
          .options = {{"DOMAIN", OptionKind::OptionalArgument, {"only this domain's", "このドメインだけ"}},
                      {"--used", OptionKind::Flag, {"how much mail each has, of its quota; opens each account", "各アカウントの使用量も示す(アカウントを一つずつ開く)"}}},
          .run = run};
}

}  // namespace hikyaku::cli
