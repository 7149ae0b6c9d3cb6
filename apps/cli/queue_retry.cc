// hikyaku queue retry
#include "apps/cli/commands.h"
#include "apps/cli/queue_act.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  return act_on_queue(call, {delivery::QueueActionKind::Retry, ""}, Caution::ActsAtOnce,
                      {{" recipients would be tried now", " 件の宛先が対象になる"}, {" recipients are tried now", " 件の宛先を今すぐ再送する"}});
}

}  // namespace

Command queue_retry_command() {
  return {.name = "queue retry",
          .help = {"try deferred mail now; periods and attempts stay as they are", "再送待ちのメールを今すぐ試す(期限と回数はそのまま)"},
          .options = action_options(Caution::ActsAtOnce),
          .run = run};
}

}  // namespace hikyaku::cli
