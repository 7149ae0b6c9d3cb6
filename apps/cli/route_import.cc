// hikyaku route import
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "services/directory/routes.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto text = read_input(call, call.value("FILE"));
  if (!text) return Exit::Failed;
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  auto parsed = directory::parse_gateway_dat(*text);
  std::vector<RefusedRow> refused;
  for (auto& bad : parsed.bad) refused.push_back({bad.line, std::move(bad.why)});
  if (!call.has("--dry-run"))
    if (const auto set = access->editor().set_routes(parsed.routes); !set) return call.fail(set.error().what);
  return report_import(call, parsed.routes.size(), std::move(refused));
}

}  // namespace

Command route_import_command() {
  return {.name = "route import",
          .help = {"replace the route table by a gateway.dat", "経路表を gateway.dat の内容で置き換える"},
          .options = {{"FILE", OptionKind::Argument, {"the text, - for standard input", "ファイル。- なら標準入力"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be taken", "取り込めるかどうかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
