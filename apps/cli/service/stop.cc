// hikyaku service stop SERVICE
#include <unistd.h>

#include <cstdio>

#include "apps/cli/commands.h"
#include "apps/cli/hold/forecast.h"
#include "apps/cli/queue/counts.h"
#include "apps/cli/service/services_view.h"
#include "apps/cli/value.h"
#include "apps/supervisor/service_table.h"

namespace hikyaku::cli {

namespace {

// Before deliver stops: what waits, and with --when-empty the waiting for it. `first`: what it was, as JSON.
Exit look_at_the_queue(Invocation& call, std::string& first) {
  const SystemClock clock;
  const bool wait = call.has("--when-empty");
  for (std::uint64_t shown = 0;; ++shown) {
    const auto counts = ask_queue_for<spool::SpoolCounts>(call, delivery::QueueCountRequest{});
    if (!counts) return Exit::Failed;
    if (shown == 0) first = counts_json(*counts);
    if (!call.json && shown % 30 == 0) print_counts(call, *counts, clock.wall());
    if (!wait || is_empty(*counts)) return Exit::Done;
    if (!call.json && shown == 0) call.print(call.say({"Waiting until all three are empty. Ctrl-C gives up; nothing was stopped.", "3 つとも空になるまで待つ。Ctrl-C でやめれば何も停止しない。"}));
    std::fflush(stdout);  // who reads it by a pipe waits too
    sleep(1);
  }
}

// What comes in until deliver starts again; nothing is stopped.
Exit tell_forecast(Invocation& call, bool is_deliver) {
  const auto now = SystemClock{}.wall();
  const auto until = time_of(call, "--until", now);
  if (!is_deliver) return call.fail(Words{"--forecast tells what gathers while deliver is stopped; other services keep no mail.", "--forecast は deliver の停止中に溜まる量を示す。他のサービスはメールを溜めない。"});
  if (!until) return call.fail(Words{"Give --until a time to come: \"2026-11-25 18:00\", +2d.", "--until にこれからの時刻を指定する(\"2026-11-25 18:00\"、+2d など)。"});
  return print_forecast(call, {}, now, *until, now);
}

Exit run(Invocation& call) {
  const auto* service = wanted_service(call);
  if (service == nullptr) return Exit::Failed;
  const bool is_deliver = service->name == "deliver";
  if (call.has("--forecast")) return tell_forecast(call, is_deliver);
  if (call.has("--until")) return call.fail(Words{"--until goes with --forecast only; a stopped service stays stopped until it is started.", "--until は --forecast と共に使う。停止したサービスは開始するまで止まったままになる。"});
  if (call.has("--when-empty") && !is_deliver) return call.fail(Words{"--when-empty waits for deliver's queue; other services keep no mail.", "--when-empty は deliver のキューが空になるのを待つ。他のサービスはメールを溜めない。"});
  std::string queue;
  if (is_deliver && look_at_the_queue(call, queue) != Exit::Done && call.has("--when-empty")) return Exit::Failed;
  return order_service(call, "stop", queue.empty() ? "" : ",\"queue\":" + queue);
}

}  // namespace

Command service_stop_command() {
  return {.name = "service stop",
          .help = {"stop a service; its ports are closed, and it stays stopped until it is started", "サービスを停止する。待ち受けも閉じ、開始するまで止まったままになる"},
          .options = {{"SERVICE", OptionKind::Argument, {"its name, or E-Post's (EPSTRS, epstdd, ...)", "サービス名。E-Post の名称(EPSTRS、epstdd など)でもよい"}, service_choices()},
                      {"--when-empty", OptionKind::Flag, {"deliver: wait until incoming, holding and domains are empty", "deliver: incoming、holding、domains が空になるまで待つ"}},
                      {"--forecast", OptionKind::Flag, {"deliver: only tell how much mail would gather until --until, and whether the disk suffices", "deliver: --until までに溜まる量の予測とディスクの過不足を示すだけ"}},
                      value_option("--until", Takes::TimeToCome, {"with --forecast: \"2026-11-25 18:00\", +2d", "--forecast の終わりの時刻(\"2026-11-25 18:00\"、+2d など)"})},
          .run = run,
          .more = {"Stopping deliver shows first what waits in incoming, holding and domains. Mail is accepted all the same; the retry periods stand still meanwhile.",
                   "deliver を止める前に incoming、holding、domains の中身を示す。その間も受信は続き、再送の期限は進まない。"}};
}

}  // namespace hikyaku::cli
