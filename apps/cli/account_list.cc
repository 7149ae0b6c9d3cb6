// hikyaku account list
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/text_table.h"
#include "base/cursor.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  telemetry::JsonWriter json;
  TextTable table;
  json.array();
  for (const auto& account : snapshot->contents().accounts) {
    if (call.has("DOMAIN") && !equal_ignoring_case(account.address.domain, call.value("DOMAIN"))) continue;
    write_account(json, account);
    table.add({account.address.text(), account.full_name, account.quota_octets == 0 ? "-" : settings::size_text({account.quota_octets}), account_notes(call, account)});
  }
  call.print(call.json ? json.end_array().take() : table.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_list_command() {
  return {.name = "account list",
          .help = {"accounts, all or of one domain", "アカウントを表示する(全体、または 1 ドメイン)"},
          .options = {{"DOMAIN", OptionKind::OptionalArgument, {"only this domain's", "このドメインだけ"}}},
          .run = run};
}

}  // namespace hikyaku::cli
