// hikyaku route list
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/text_table.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  telemetry::JsonWriter json;
  TextTable table;
  json.array();
  std::size_t row = 0;
  for (const auto& route : snapshot->contents().routes) {
    json.object().member("row", ++row).member("pattern", route.pattern).member("host", route.host).member("port", std::uint64_t{route.port}).end_object();
    table.add({std::to_string(row), route.pattern, route.host, std::to_string(route.port)});
  }
  call.print(call.json ? json.end_array().take() : table.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_list_command() {
  return {.name = "route list",
          .help = {"the route table in the order of matching", "経路表を評価順に表示する"},
          .run = run};
}

}  // namespace hikyaku::cli
