// hikyaku queue bounce
#include "apps/cli/commands.h"
#include "apps/cli/queue/act.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  return act_on_queue(call, {delivery::QueueActionKind::Bounce, ""}, Caution::ShowsFirst,
                      {{" recipients would be given up, and their senders told", " 件の宛先を打ち切り、送信者に通知することになる"},
                       {" recipients were given up, and their senders told", " 件の宛先を打ち切り、送信者に通知した"}});
}

}  // namespace

Command queue_bounce_command() {
  return {.name = "queue bounce",
          .help = {"give mail that waits up, before its first attempt or after it, and tell its senders", "配送待ちのメールを打ち切り(最初の配送の前でも後でも)、送信者に不達を通知する"},
          .options = action_options(Caution::ShowsFirst),
          .run = run,
          .more = {"Nobody is told about bounces (sender <>) and recipients with NOTIFY=NEVER.",
                   "送信者が <> のメールと NOTIFY=NEVER の宛先は、打ち切るが通知しない。"}};
}

}  // namespace hikyaku::cli
