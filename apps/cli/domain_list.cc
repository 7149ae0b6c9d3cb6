// hikyaku domain list
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/text_table.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  telemetry::JsonWriter json;
  TextTable table;
  json.array();
  for (const auto& domain : snapshot->contents().domains) {
    json.object().member("name", domain.name).member("kind", domain_kind_name(domain.kind)).end_object();
    table.add({domain.name, std::string(domain_kind_name(domain.kind))});
  }
  call.print(call.json ? json.end_array().take() : table.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command domain_list_command() {
  return {.name = "domain list",
          .help = {"all domains", "全ドメインを表示する"},
          .run = run};
}

}  // namespace hikyaku::cli
