// hikyaku route list
#include "apps/cli/access/directory_views.h"
#include "apps/cli/commands.h"
#include "services/directory/routes.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  std::size_t row = 0;
  for (const auto& route : directory.contents().routes) {
    const auto target = directory::print_target(route);
    to.json().object().member("row", ++row).member("pattern", route.pattern).member("sender", route.sender);
    to.json().member("host", route.hosts.front().name).member("port", std::uint64_t{route.hosts.front().port}).member("target", target).end_object();
    to.row({std::to_string(row), route.pattern + (route.sender.empty() ? "" : "|" + route.sender), target});
  }
  return {};
}

Exit run(Invocation& call) {
  return list_directory(call, {{"ROW", "行"}, {"MAIL FOR", "対象"}, {"GOES TO", "行き先"}},
                        {"The route table is empty: mail for other domains goes to their MX hosts.", "経路表は空。他ドメイン宛は MX に従って配送する。"}, add_rows);
}

}  // namespace

Command route_list_command() {
  return {.name = "route list",
          .help = {"the route table in the order of matching", "経路表を評価順に表示する"},
          .run = run};
}

}  // namespace hikyaku::cli
