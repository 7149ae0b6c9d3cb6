// hikyaku account forward show
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/text_table.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

void add_texts(telemetry::JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).array();
  for (const auto& text : texts) json.text(text);
  json.end_array();
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  const auto wanted = call.value("ADDRESS");
  const directory::Account* only = nullptr;
  if (!wanted.empty()) {
    TRY(address, wanted_address(wanted));
    only = snapshot->account(address);
    if (only == nullptr) return directory::refuse(directory::DirectoryFailure::NotFound, "There is no account " + wanted + "; see: hikyaku account list");
  }
  telemetry::JsonWriter json;
  TextTable table;
  json.array();
  for (const auto& account : snapshot->contents().accounts) {
    const auto* forward = snapshot->forward(account.id);
    if (forward == nullptr || (only != nullptr && only->id != account.id)) continue;
    const bool keeps = forward->keep == directory::KeepCopy::Yes;
    json.object().member("account", account.address.text()).flag("keep", keeps);
    add_texts(json, "targets", forward->targets);
    add_texts(json, "only_from", forward->only_from);
    json.end_object();
    const auto senders = forward->only_from.empty() ? std::string() : std::string(call.say({"only from ", "差出人限定: "})) + joined(forward->only_from);
    table.add({account.address.text(), joined(forward->targets), std::string(call.say(keeps ? Words{"keeps a copy", "コピーを残す"} : Words{"keeps no copy", "コピーを残さない"})), senders});
  }
  call.print(call.json ? json.end_array().take() : table.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_forward_show_command() {
  return {.name = "account forward show",
          .help = {"the forwards of all accounts, or of one", "転送設定を表示する"},
          .options = {{"ADDRESS", OptionKind::OptionalArgument, {"only this account's", "このアカウントだけ"}}},
          .run = run};
}

}  // namespace hikyaku::cli
