// hikyaku queue delete
#include "apps/cli/commands.h"
#include "apps/cli/queue/act.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  return act_on_queue(call, {delivery::QueueActionKind::Delete, ""}, Caution::ShowsFirst,
                      {{" recipients would be deleted, and nobody told", " 件の宛先を、誰にも通知せず削除することになる"},
                       {" recipients were deleted", " 件の宛先を削除した"}});
}

}  // namespace

Command queue_delete_command() {
  return {.name = "queue delete",
          .help = {"delete mail that waits, before its first attempt or after it; nobody is told", "配送待ちのメールを削除する(最初の配送の前でも後でも。誰にも通知しない)"},
          .options = action_options(Caution::ShowsFirst),
          .run = run};
}

}  // namespace hikyaku::cli
