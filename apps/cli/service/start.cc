// hikyaku service start SERVICE
#include "apps/cli/commands.h"
#include "apps/cli/service/services_view.h"

namespace hikyaku::cli {

namespace {
Exit run(Invocation& call) { return order_service(call, "start"); }
}  // namespace

Command service_start_command() {
  return {.name = "service start",
          .help = {"start a service and wait until it is ready", "サービスを開始し、準備が整うまで待つ"},
          .options = {{"SERVICE", OptionKind::Argument, {"its name, or E-Post's (EPSTRS, epstdd, ...)", "サービス名。E-Post の名称(EPSTRS、epstdd など)でもよい"}, service_choices()}},
          .run = run};
}

}  // namespace hikyaku::cli
