// hikyaku queue count
#include "apps/cli/commands.h"
#include "apps/cli/queue/counts.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto counts = ask_queue_for<spool::SpoolCounts>(call, delivery::QueueCountRequest{});
  if (!counts) return Exit::Failed;
  const SystemClock clock;
  print_counts(call, *counts, clock.wall());
  return Exit::Done;
}

}  // namespace

Command queue_count_command() {
  return {.name = "queue count", .help = {"mail waiting in incoming, holding and domains", "incoming、holding、domains で待つメールの数"}, .run = run};
}

}  // namespace hikyaku::cli
