// The webhook: an HTTP POST of the notice as JSON, over TLS with a verified name for https.
#include "apps/watch/notifier.h"
#include "io/listener.h"
#include "io/tls_context.h"
#include "protocol/http/head.h"

namespace hikyaku::apps {
namespace {

constexpr Duration most_time = 30s;
constexpr std::size_t longest_status_line = 4'096;

class Webhook final : public NoticeWay {
 public:
  Webhook(Service& service, io::Loop& loop, io::Resolver& resolver) : service_(service), loop_(loop), resolver_(resolver) {}

  [[nodiscard]] std::string_view name() const override { return "webhook"; }
  [[nodiscard]] bool wanted(const settings::Settings& settings) const override { return !settings.alarm.webhook().empty(); }
  io::Task<std::string> tell(std::shared_ptr<const NoticeText> notice) override;

 private:
  io::Task<std::vector<io::IpAddress>> addresses(std::string host, Deadline deadline);
  io::Task<std::string> post(io::IpAddress ip, http::Url url, std::string body, Deadline deadline);
  io::Task<std::string> start_tls(io::Connection& connection, std::string host, Deadline deadline);

  Service& service_;
  io::Loop& loop_;
  io::Resolver& resolver_;
  std::shared_ptr<const io::TlsClientContext> tls_;
};

io::Task<std::vector<io::IpAddress>> Webhook::addresses(std::string host, Deadline deadline) {
  std::vector<io::IpAddress> found;
  if (const auto literal = io::IpAddress::parse(host)) {
    found.push_back(*literal);
    co_return found;
  }
  auto asking = resolver_.a(host, deadline);
  const auto v4 = co_await std::move(asking);
  auto asking_v6 = resolver_.aaaa(host, deadline);
  const auto v6 = co_await std::move(asking_v6);
  found = v4.records;
  found.insert(found.end(), v6.records.begin(), v6.records.end());
  co_return found;
}

io::Task<std::string> Webhook::start_tls(io::Connection& connection, std::string host, Deadline deadline) {
  if (!tls_) {
    auto made = io::TlsClientContext::make();
    if (!made) co_return made.error().what;
    tls_ = std::move(*made);
  }
  auto handshake = connection.start_tls_client(tls_, host, io::PeerCheck::Name, {}, deadline);
  const auto done = co_await std::move(handshake);
  co_return done ? std::string{} : "TLS: " + done.error().what;
}

io::Task<std::string> Webhook::post(io::IpAddress ip, http::Url url, std::string body, Deadline deadline) {
  auto connecting = io::connect(loop_, io::SocketAddress(ip, url.port), deadline);
  auto connected = co_await std::move(connecting);
  if (!connected) co_return connected.error().what;
  auto& connection = **connected;
  if (url.scheme == http::Url::Scheme::Https) {
    auto starting = start_tls(connection, url.host, deadline);
    auto trouble = co_await std::move(starting);
    if (!trouble.empty()) co_return trouble;
  }
  const std::string request = "POST " + url.target + " HTTP/1.1\r\nHost: " + url.host_field() + "\r\nUser-Agent: Hikyaku\r\nContent-Type: application/json\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
  auto writing = connection.write(request, deadline);
  const auto written = co_await std::move(writing);
  if (!written) co_return written.error().what;
  std::string line;
  while (line.find('\n') == std::string::npos && line.size() < longest_status_line) {
    auto reading = connection.read(deadline);
    const auto read = co_await std::move(reading);
    if (!read) co_return "no answer: " + read.error().what;
    line += *read;
  }
  line.resize(std::min(line.size(), line.find('\n')));
  const auto status = http::parse_status_line(line);
  connection.abort();
  if (!status) co_return std::string("the answer is not HTTP");
  co_return *status / 100 == 2 ? std::string{} : "answered with status " + std::to_string(*status);
}

io::Task<std::string> Webhook::tell(std::shared_ptr<const NoticeText> notice) {
  const auto url = http::parse_url(service_.settings()->alarm.webhook());
  if (!url) co_return std::string("[alarm] webhook is no http or https URL");
  const auto deadline = loop_.after(most_time);
  auto looking = addresses(url->host, deadline);
  const auto found = co_await std::move(looking);
  std::string trouble = "DNS knows no address of " + url->host;
  for (const auto& ip : found) {
    auto posting = post(ip, *url, notice->json, deadline);
    trouble = co_await std::move(posting);
    if (trouble.empty()) break;
  }
  co_return trouble;
}

}  // namespace

std::unique_ptr<NoticeWay> webhook_way(Service& service, io::Loop& loop, io::Resolver& resolver) { return std::make_unique<Webhook>(service, loop, resolver); }

}  // namespace hikyaku::apps
