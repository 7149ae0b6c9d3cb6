// hikyaku service stop SERVICE
#include "apps/cli/commands.h"
#include "apps/cli/services_view.h"

namespace hikyaku::cli {

namespace {
Exit run(Invocation& call) { return order_service(call, "stop"); }
}  // namespace

Command service_stop_command() {
  return {.name = "service stop",
          .help = {"stop a service; its ports are closed, and it stays stopped until it is started", "サービスを停止する。待ち受けも閉じ、開始するまで止まったままになる"},
          .options = {{"SERVICE", OptionKind::Argument, {"its name, or E-Post's (EPSTRS, epstdd, ...)", "サービス名。E-Post の名称(EPSTRS、epstdd など)でもよい"}, service_choices()}},
          .run = run};
}

}  // namespace hikyaku::cli
