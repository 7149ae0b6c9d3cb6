// hikyaku service list
#include "apps/cli/commands.h"
#include "apps/cli/service/services_view.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto answer = ask(call, {{"status"}});
  if (!answer) return Exit::Failed;
  if (call.json) return call.print(*answer), Exit::Done;
  const auto status = JsonView::parse(*answer);
  if (!status) return call.fail("the server's answer makes no sense");
  print_services(call, *status);
  return Exit::Done;
}

}  // namespace

Command service_list_command() {
  return {.name = "service list", .help = {"all services, E-Post's names for them, and how they stand", "全サービスと E-Post での名称、状態を表示する"}, .run = run};
}

}  // namespace hikyaku::cli
