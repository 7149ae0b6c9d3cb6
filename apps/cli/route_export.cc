// hikyaku route export
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "services/directory/routes.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  if (!snapshot->contents().routes.empty()) call.print(directory::print_gateway_dat(snapshot->contents().routes));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_export_command() {
  return {.name = "route export",
          .help = {"the route table as gateway.dat", "経路表を gateway.dat として出力する"},
          .run = run};
}

}  // namespace hikyaku::cli
