#include "apps/watch/metrics_server.h"

#include <fcntl.h>

#include "protocol/http/head.h"

namespace hikyaku::apps {
namespace {

constexpr std::size_t most_clients = 16, longest_head = 8'192;
constexpr Duration most_time = 10s;
constexpr std::string_view open_metrics_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr std::string_view prometheus_type = "text/plain; version=0.0.4; charset=utf-8";

std::string response(std::string_view status, std::string_view type, std::string_view body, std::string_view more = {}) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\nContent-Type: ").append(type).append("\r\nContent-Length: ").append(std::to_string(body.size()));
  return text.append("\r\nConnection: close\r\n").append(more).append("\r\n").append(body);
}

}  // namespace

MetricsServer::MetricsServer(Service& service, io::Loop& loop, io::Workers& workers, Page page)
    : service_(service), loop_(loop), workers_(workers), page_(std::move(page)) {}

void MetricsServer::start() {
  for (const auto& inherited : service_.listeners("metrics")) {
    io::Descriptor own(::fcntl(inherited.descriptor, F_DUPFD_CLOEXEC, 0));
    if (!own) continue;
    listeners_.push_back(std::make_unique<io::Listener>(loop_, std::move(own)));
    loop_.spawn(accept(*this, *listeners_.back()));
  }
}

void MetricsServer::close() {
  for (auto& listener : listeners_) listener->close();
}

Task<void> MetricsServer::accept(MetricsServer& server, io::Listener& listener) {
  for (;;) {
    auto accepting = listener.accept();
    auto accepted = co_await std::move(accepting);
    if (accepted && server.clients_ < most_clients) server.loop_.spawn(serve(server, std::move(*accepted)));
    else if (!accepted && accepted.error().kind != io::IoFailure::TimedOut) co_return;
  }
}

Task<void> MetricsServer::serve(MetricsServer& server, io::Accepted accepted) {
  struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& of) : count(of) { ++count; }
    ~Counted() { --count; }
  };
  const Counted counted(server.clients_);
  io::Connection connection(server.loop_, std::move(accepted.socket), std::move(accepted.peer));
  const auto deadline = server.loop_.after(most_time);
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos && head.find("\n\n") == std::string::npos) {
    auto reading = connection.read(deadline);
    const auto read = co_await std::move(reading);
    if (!read || head.size() + read->size() > longest_head) co_return;
    head += *read;
  }
  auto answering = server.answer(std::move(head));
  const std::string text = co_await std::move(answering);
  auto writing = connection.write(text, deadline);
  const auto written = co_await std::move(writing);
  if (!written) co_return;
  auto closing = connection.close(deadline);
  co_await std::move(closing);
}

Task<std::string> MetricsServer::answer(std::string head) {
  const auto request = http::parse_request_head(head);
  if (!request) co_return response("400 Bad Request", "text/plain", "This is no request.\n");
  if (request->method != "GET") co_return response("405 Method Not Allowed", "text/plain", "Only GET is answered.\n", "Allow: GET\r\n");
  if (request->target.substr(0, request->target.find('?')) != "/metrics") co_return response("404 Not Found", "text/plain", "There is /metrics only.\n");
  const auto form = request->accept.find("application/openmetrics-text") != std::string::npos ? telemetry::MetricsForm::OpenMetrics : telemetry::MetricsForm::Prometheus;
  auto work = workers_.run(loop_, [this, form] { return page_(form); });
  const auto page = co_await std::move(work);
  if (!page) co_return response("503 Service Unavailable", "text/plain", "Too many ask at once.\n");
  co_return response("200 OK", form == telemetry::MetricsForm::OpenMetrics ? open_metrics_type : prometheus_type, *page);
}

}  // namespace hikyaku::apps
