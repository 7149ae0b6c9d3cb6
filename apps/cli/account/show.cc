// hikyaku account show ADDRESS
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/account/queue.h"
#include "apps/cli/account/usage.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

std::string or_dash(std::string value) { return value.empty() ? "-" : value; }

void tell(const Invocation& call, const directory::Snapshot& directory, const directory::Account& account, const std::optional<mailboxes::QuotaUsage>& used) {
  FactSheet sheet(call);
  sheet.add({"address", "アドレス"}, account.address.text());
  sheet.add({"name", "氏名"}, or_dash(account.full_name));
  sheet.add({"quota", "容量の上限"}, account.quota_octets == 0 ? std::string(call.say({"no limit", "無制限"})) : settings::size_text({account.quota_octets}));
  if (used) sheet.add({"used", "使用量"}, used_text(call, account, *used) + std::string(call.say({", messages: ", "、通数: "})) + std::to_string(used->messages));
  sheet.add({"notes", "備考"}, or_dash(account_notes(call, account)));
  if (const auto* suspension = directory.suspension(account.id)) {
    sheet.add({"suspended", "送信停止"}, telemetry::stamp_text(suspension->since).substr(0, 16) + " " + suspension->by);
    sheet.add({"because", "理由"}, evidence_text(call, suspension->why));
    const bool contained = suspension->sessions_end >= suspension->since;  // its sessions were ended since
    sheet.add({"to do", "対処"}, (contained ? "hikyaku account release " : "hikyaku account contain ") + account.address.text());
  }
  const auto* forward = directory.forward(account.id);
  sheet.add({"forwarded to", "転送先"}, or_dash(forward == nullptr ? "" : joined(forward->targets)));
  sheet.print();
}

directory::DirectoryResult<> show(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(account, wanted_account(*snapshot, call.value("ADDRESS")));
  const auto usage = AccountUsage::open(call);
  const auto used = usage ? usage->of(*account) : std::nullopt;
  if (!call.json) return tell(call, *snapshot, *account, used), directory::DirectoryResult<>{};
  telemetry::JsonWriter json;
  write_account(json, *account, snapshot->suspension(account->id), used ? &*used : nullptr);
  call.print(json.take());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, show); }

}  // namespace

Command account_show_command() {
  return {.name = "account show",
          .help = {"one account: name, quota and what is used of it, what it may use, where its mail goes on to", "1 つのアカウント(氏名、容量と使用量、使える機能、転送先)を表示する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}}},
          .run = run};
}

}  // namespace hikyaku::cli
