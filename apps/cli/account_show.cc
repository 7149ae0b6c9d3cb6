// hikyaku account show ADDRESS
#include "apps/cli/account_queue.h"
#include "apps/cli/commands.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/directory_views.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

std::string or_dash(std::string value) { return value.empty() ? "-" : value; }

void tell(FactSheet& sheet, const Invocation& call, const directory::Snapshot& directory, const directory::Account& account) {
  sheet.add({"address", "アドレス"}, account.address.text());
  sheet.add({"name", "氏名"}, or_dash(account.full_name));
  sheet.add({"quota", "容量の上限"}, account.quota_octets == 0 ? std::string(call.say({"no limit", "無制限"})) : settings::size_text({account.quota_octets}));
  sheet.add({"notes", "備考"}, or_dash(account_notes(call, account)));
  if (const auto* suspension = directory.suspension(account.id)) {
    sheet.add({"suspended", "送信停止"}, telemetry::stamp_text(suspension->since).substr(0, 16) + " " + suspension->by);
    sheet.add({"because", "理由"}, evidence_text(call, suspension->why));
    sheet.add({"to do", "対処"}, "hikyaku account contain " + account.address.text());
  }
  const auto* forward = directory.forward(account.id);
  sheet.add({"forwarded to", "転送先"}, or_dash(forward == nullptr ? "" : joined(forward->targets)));
}

directory::DirectoryResult<> write(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(account, wanted_account(*snapshot, call.value("ADDRESS")));
  telemetry::JsonWriter json;
  write_account(json, *account, snapshot->suspension(account->id));
  call.print(json.take());
  return {};
}

Exit run(Invocation& call) {
  if (call.json) return with_directory(call, write);
  return show_of_directory<directory::Account>(call, {.find = wanted_account, .write = nullptr, .tell = tell});
}

}  // namespace

Command account_show_command() {
  return {.name = "account show",
          .help = {"one account: name, quota, what it may use, where its mail goes on to", "1 つのアカウント(氏名、容量、使える機能、転送先)を表示する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}}},
          .run = run};
}

}  // namespace hikyaku::cli
