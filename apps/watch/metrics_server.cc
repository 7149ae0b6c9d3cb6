#include "apps/watch/metrics_server.h"

namespace hikyaku::apps {
namespace {

constexpr std::string_view open_metrics_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr std::string_view prometheus_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

MetricsServer::MetricsServer(Service& service, io::Loop& loop, io::Workers& workers, Page page)
    : loop_(loop), workers_(workers), page_(std::move(page)), pages_(service, loop, "metrics", [this](PageRequest request) { return answer(std::move(request)); }) {}

Task<std::string> MetricsServer::answer(PageRequest request) {
  const auto& head = request.head;
  if (head.method != "GET") co_return http_answer("405 Method Not Allowed", "text/plain", "Only GET is answered.\n", "Allow: GET\r\n");
  if (head.target.substr(0, head.target.find('?')) != "/metrics") co_return http_answer("404 Not Found", "text/plain", "There is /metrics only.\n");
  const auto form = head.accept.find("application/openmetrics-text") != std::string::npos ? telemetry::MetricsForm::OpenMetrics : telemetry::MetricsForm::Prometheus;
  auto work = workers_.run(loop_, [this, form] { return page_(form); });
  const auto page = co_await std::move(work);
  if (!page) co_return http_answer("503 Service Unavailable", "text/plain", "Too many ask at once.\n");
  co_return http_answer("200 OK", form == telemetry::MetricsForm::OpenMetrics ? open_metrics_type : prometheus_type, *page);
}

}  // namespace hikyaku::apps
