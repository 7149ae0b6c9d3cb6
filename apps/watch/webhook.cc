// The webhook: an HTTP POST of the notice as JSON, over TLS with a verified name for https.
#include "apps/watch/notifier.h"
#include "io/tls_context.h"
#include "services/http_client/client.h"

namespace hikyaku::apps {
namespace {

constexpr Duration most_time = 30s;

class Webhook final : public NoticeWay {
 public:
  Webhook(Service& service, io::Loop& loop, io::Resolver& resolver) : service_(service), loop_(loop), resolver_(resolver) {}

  [[nodiscard]] std::string_view name() const override { return "webhook"; }
  [[nodiscard]] bool wanted(const settings::Settings& settings) const override { return !settings.alarm.webhook().empty(); }
  Task<std::string> tell(std::shared_ptr<const NoticeText> notice) override;

 private:
  Task<http::HostAddresses> addresses(std::string host, Deadline deadline);
  [[nodiscard]] std::string prepare_tls();

  Service& service_;
  io::Loop& loop_;
  io::Resolver& resolver_;
  std::shared_ptr<const io::TlsClientContext> tls_;
  std::string authorities_;  // of tls_
};

Task<http::HostAddresses> Webhook::addresses(std::string host, Deadline deadline) {
  auto asking = resolver_.a(host, deadline);
  const auto v4 = co_await std::move(asking);
  auto asking_v6 = resolver_.aaaa(host, deadline);
  const auto v6 = co_await std::move(asking_v6);
  http::HostAddresses all{v4.records, {}};
  all.found.insert(all.found.end(), v6.records.begin(), v6.records.end());
  if (all.found.empty()) all.why = "DNS knows no address of it";
  co_return all;
}

// Why it cannot be; empty: it is there, by the authorities of the settings.
std::string Webhook::prepare_tls() {
  const auto settings = service_.settings();
  const auto& authorities = settings->delivery.authorities_file();
  if (tls_ && authorities_ == authorities) return {};
  auto made = io::TlsClientContext::make(authorities);
  if (!made) return made.error().what;
  tls_ = std::move(*made);
  authorities_ = authorities;
  return {};
}

Task<std::string> Webhook::tell(std::shared_ptr<const NoticeText> notice) {
  auto url = http::parse_url(service_.settings()->alarm.webhook());
  if (!url) co_return std::string("[alarm] webhook is no http or https URL");
  if (url->scheme == http::Url::Scheme::Https)
    if (auto trouble = prepare_tls(); !trouble.empty()) co_return trouble;
  http::ClientRequest request;
  request.url = *std::move(url);
  request.content_type = "application/json", request.body = notice->json;
  request.wanted = http::Wanted::Status;
  const http::FindAddresses find = [this](std::string host, Deadline deadline) { return addresses(std::move(host), deadline); };
  auto posting = http::send_request(loop_, tls_, find, std::move(request), loop_.after(most_time));
  const auto answer = co_await std::move(posting);
  if (!answer) co_return answer.error().what;
  co_return answer->status / 100 == 2 ? std::string{} : "answered with status " + std::to_string(answer->status);
}

}  // namespace

std::unique_ptr<NoticeWay> webhook_way(Service& service, io::Loop& loop, io::Resolver& resolver) { return std::make_unique<Webhook>(service, loop, resolver); }

}  // namespace hikyaku::apps
