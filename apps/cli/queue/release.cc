// hikyaku queue release
#include "apps/cli/commands.h"
#include "apps/cli/queue/act.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  return act_on_queue(call, {delivery::QueueActionKind::Release, ""}, Caution::ActsAtOnce,
                      {{" held recipients would be released", " 件の宛先の保留を解くことになる"},
                       {" recipients were released and go as fast as their destinations take them", " 件の宛先の保留を解いた。配送先が受け取れる速さで送る"},
                       {" recipients were released, and nothing is tried while deliver is stopped. Remedy: hikyaku service start deliver",
                        " 件の宛先の保留を解いたが、deliver が停止中なので送られない。hikyaku service start deliver で開始する"}});
}

}  // namespace

Command queue_release_command() {
  return {.name = "queue release",
          .help = {"let chosen mail go that `queue hold` keeps; hikyaku hold release ends a hold as a whole", "queue hold で保留したメールを選んで解く(保留全体の解除は hikyaku hold release)"},
          .options = action_options(Caution::ActsAtOnce),
          .run = run};
}

}  // namespace hikyaku::cli
