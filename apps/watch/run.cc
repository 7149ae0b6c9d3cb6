#include "apps/watch/run.h"

#include "apps/service/data_folders.h"
#include "apps/service/service_loop.h"
#include "apps/watch/alarm_task.h"
#include "apps/watch/decision_server.h"
#include "apps/watch/metrics_server.h"
#include "io/posix_disk.h"
#include "services/history/metrics.h"
#include "services/telemetry/events.h"

namespace hikyaku::apps {
namespace {

constexpr int worker_threads = 3;
constexpr std::size_t worker_queue = 64;
constexpr Duration textfile_interval = 15s;

// For the textfile collector of Prometheus' node exporter.
Task<void> write_textfile(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, const MetricsServer::Page& page) {
  while (!loop.stopping()) {
    const auto path = service.settings()->metrics.file();
    if (!path.empty()) {
      auto work = workers.run(loop, [&] { return io::replace_file(disk, path, page(telemetry::MetricsForm::Prometheus)); });
      const auto ran = co_await std::move(work);
      if (ran && !*ran) service.log().write(telemetry::events::storage_trouble, {.text = "metrics", .reason = ran->error().what});
    }
    const auto outcome = co_await loop.sleep_until(loop.after(textfile_interval));
    if (outcome == io::Wake::Cancelled) break;
  }
}

Task<void> stop_when_told(Service& service, io::Loop& loop, MetricsServer& server, DecisionServer& decisions) {
  auto told = told_to_stop(service, loop);
  co_await std::move(told);
  server.close();
  decisions.close();
  loop.stop();
}

}  // namespace

int run_watch(Service& service) {
  io::PosixDisk disk;
  io::Workers workers(worker_threads, worker_queue);
  io::Loop loop(loop_options(service));
  io::Resolver resolver(loop, {});
  std::vector<std::unique_ptr<Notifier>> notifiers;
  notifiers.push_back(std::make_unique<Notifier>(service, loop, webhook_way(service, loop, resolver)));
  notifiers.push_back(std::make_unique<Notifier>(service, loop, command_way(service, loop, workers)));
  notifiers.push_back(std::make_unique<Notifier>(service, loop, syslog_way(service, loop, workers)));
  AlarmTask alarms(service, loop, workers, disk, notifiers);
  const MetricsServer::Page page = [&](telemetry::MetricsForm form) {
    const auto facts = history::read_metrics(disk, service.data_folder(), service.settings()->spool.reserve().octets, SystemClock{}.wall());
    return history::metrics_text(facts, form);
  };
  MetricsServer metrics(service, loop, workers, page);
  metrics.start();
  DecisionServer decisions(service, loop);
  decisions.start();
  for (auto& notifier : notifiers) loop.spawn(notifier->run());
  loop.spawn(alarms.run());
  loop.spawn(write_textfile(service, loop, workers, disk, page));
  loop.spawn(stop_when_told(service, loop, metrics, decisions));
  service.ready();
  loop.run();
  return 0;
}

}  // namespace hikyaku::apps
