// hikyaku metrics
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "services/history/metrics.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  io::PosixDisk disk;
  const auto facts = history::read_metrics(disk, settings->node.data(), settings->spool.reserve().octets, SystemClock{}.wall());
  auto text = history::metrics_text(facts, call.has("--prometheus") ? telemetry::MetricsForm::Prometheus : telemetry::MetricsForm::OpenMetrics);
  if (text.ends_with('\n')) text.pop_back();
  return call.print(text), Exit::Done;
}

}  // namespace

Command metrics_command() {
  return {.name = "metrics",
          .help = {"counters of all services and the state of the queue, for Prometheus", "全サービスの計数とキューの状態を Prometheus の形式で示す"},
          .options = {{"--prometheus", OptionKind::Flag, {"in the older text form (0.0.4) instead of OpenMetrics 1.0", "OpenMetrics 1.0 ではなく旧来の形式(0.0.4)で"}}},
          .run = run,
          .more = {"The same is served by [listen] metrics, or written to [metrics] file. It works with every service stopped; hikyaku_process_up says which run.",
                   "[listen] metrics の HTTP、[metrics] file のファイルでも同じ内容を読める。サービスの停止中も使え、動作中かどうかは hikyaku_process_up でわかる。"},
          .own_form = true};
}

}  // namespace hikyaku::cli
