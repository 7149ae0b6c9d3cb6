// Answers GET /metrics with the text Prometheus reads. One page, no state.
#pragma once

#include "apps/watch/page_server.h"
#include "io/workers.h"
#include "services/telemetry/open_metrics.h"

namespace hikyaku::apps {

class MetricsServer {
 public:
  // `page` runs on a worker and may block.
  using Page = std::function<std::string(telemetry::MetricsForm)>;
  MetricsServer(Service& service, io::Loop& loop, io::Workers& workers, Page page);
  // Accepts on every listener "metrics", until close().
  void start() { pages_.start(); }
  void close() { pages_.close(); }

 private:
  Task<std::string> answer(PageRequest request);

  io::Loop& loop_;
  io::Workers& workers_;
  const Page page_;
  PageServer pages_;
};

}  // namespace hikyaku::apps
