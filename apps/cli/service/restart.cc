// hikyaku service restart SERVICE
#include "apps/cli/commands.h"
#include "apps/cli/service/services_view.h"

namespace hikyaku::cli {

namespace {
Exit run(Invocation& call) { return order_service(call, "restart"); }
}  // namespace

Command service_restart_command() {
  return {.name = "service restart",
          .help = {"stop and start a service; its ports stay open meanwhile", "サービスを再起動する(その間も待ち受けは閉じない)"},
          .options = {{"SERVICE", OptionKind::Argument, {"its name, or E-Post's (EPSTRS, epstdd, ...)", "サービス名。E-Post の名称(EPSTRS、epstdd など)でもよい"}, service_choices()}},
          .run = run};
}

}  // namespace hikyaku::cli
