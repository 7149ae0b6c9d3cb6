// hikyaku account show ADDRESS
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/text_table.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(address, wanted_address(call.value("ADDRESS")));
  const auto* account = snapshot->account(address);
  if (account == nullptr) return directory::refuse(directory::DirectoryFailure::NotFound, "There is no account " + address.text() + "; hikyaku account list shows all.");
  if (call.json) {
    telemetry::JsonWriter json;
    write_account(json, *account);
    call.print(json.take());
    return {};
  }
  TextTable table;
  const auto row = [&](const Words& name, std::string value) { table.add({std::string(call.say(name)), value.empty() ? "-" : std::move(value)}); };
  row({"address", "アドレス"}, account->address.text());
  row({"name", "氏名"}, account->full_name);
  row({"quota", "容量の上限"}, account->quota_octets == 0 ? std::string(call.say({"no limit", "無制限"})) : settings::size_text({account->quota_octets}));
  row({"notes", "備考"}, account_notes(call, *account));
  const auto* forward = snapshot->forward(account->id);
  row({"forwarded to", "転送先"}, forward == nullptr ? "" : joined(forward->targets));
  call.print(table.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_show_command() {
  return {.name = "account show",
          .help = {"one account: name, quota, what it may use, where its mail goes on to", "1 つのアカウント(氏名、容量、使える機能、転送先)を表示する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}}},
          .run = run};
}

}  // namespace hikyaku::cli
