// Answers GET /metrics with the text Prometheus reads. One page, no state; a handful of clients at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/service/service.h"
#include "io/address_limit.h"
#include "io/connection.h"
#include "io/listener.h"
#include "io/workers.h"
#include "services/telemetry/open_metrics.h"

namespace hikyaku::apps {

class MetricsServer {
 public:
  // `page` runs on a worker and may block.
  using Page = std::function<std::string(telemetry::MetricsForm)>;
  MetricsServer(Service& service, io::Loop& loop, io::Workers& workers, Page page);
  // Accepts on every listener "metrics", until close().
  void start();
  void close();

 private:
  static Task<void> accept(MetricsServer& server, io::Listener& listener);
  static Task<void> serve(MetricsServer& server, io::Accepted accepted);
  Task<std::string> answer(std::string head);

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  const Page page_;
  std::size_t clients_ = 0;
  std::vector<std::unique_ptr<io::Listener>> listeners_;
};

}  // namespace hikyaku::apps
