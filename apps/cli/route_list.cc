// hikyaku route list
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/text_table.h"
#include "services/directory/routes.h"
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
    const auto target = directory::print_target(route);
    json.object().member("row", ++row).member("pattern", route.pattern).member("sender", route.sender);
    json.member("host", route.hosts.front().name).member("port", std::uint64_t{route.hosts.front().port}).member("target", target).end_object();
    table.add({std::to_string(row), route.pattern + (route.sender.empty() ? "" : "|" + route.sender), target});
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
