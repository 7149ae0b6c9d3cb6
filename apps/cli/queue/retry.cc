// hikyaku queue retry
#include "apps/cli/commands.h"
#include "apps/cli/queue/act.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  return act_on_queue(call, {delivery::QueueActionKind::Retry, ""}, Caution::ActsAtOnce,
                      {{" recipients would be due now", " 件の宛先が対象になる"},
                       {" recipients are due now: they go as fast as their destinations take them; one that did not answer is asked with a single mail first",
                        " 件の宛先の再送時刻を今にした。配送先が受け取れる速さで送る。応答のなかった配送先には、まず 1 通で確かめる"},
                       {" recipients are due now, and nothing is tried while deliver is stopped. Remedy: hikyaku service start deliver",
                        " 件の宛先の再送時刻を今にしたが、deliver が停止中なので送られない。hikyaku service start deliver で開始する"}});
}

}  // namespace

Command queue_retry_command() {
  return {.name = "queue retry",
          .help = {"try deferred mail now; its period goes on, and the attempt counts as any other", "再送待ちのメールを今すぐ試す(期限はそのまま。1 回の試行として数える)"},
          .options = action_options(Caution::ActsAtOnce),
          .run = run};
}

}  // namespace hikyaku::cli
