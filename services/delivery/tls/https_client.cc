#include "services/delivery/tls/https_client.h"

#include <algorithm>

#include "base/cursor.h"
#include "io/listener.h"
#include "protocol/dns/host_name.h"
#include "protocol/http/response.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration connect_time = 10s;
constexpr std::size_t most_addresses = 4;

std::string request_text(const HttpsRequest& request) {
  const bool get = request.content_type.empty();
  std::string text = (get ? "GET " : "POST ") + request.path + " HTTP/1.1\r\nHost: " + request.host;
  if (request.port != 443) text += ':' + std::to_string(request.port);
  text += "\r\nUser-Agent: Hikyaku\r\nAccept: */*\r\nConnection: close\r\n";
  if (!get) text += "Content-Type: " + request.content_type + "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

HttpsError no_answer(const HttpsRequest& request, const std::string& why) {
  return {HttpsFailure::NoAnswer, request.host + ": " + why};
}

io::Task<Result<HttpsAnswer, HttpsError>> talk(io::Loop& loop, std::unique_ptr<io::Connection> connection,
                                               std::shared_ptr<const io::TlsClientContext> tls, HttpsRequest request, Deadline deadline) {
  auto starting = connection->start_tls_client(std::move(tls), request.host, io::PeerCheck::Name, {}, deadline);
  const auto started = co_await std::move(starting);
  if (!started) {
    const auto verdict = connection->tls_verdict();
    const bool certificate = verdict != io::TlsVerdict::NotChecked && verdict != io::TlsVerdict::Good;
    co_return failure(HttpsError{certificate ? HttpsFailure::Certificate : HttpsFailure::NoAnswer, request.host + ": " + started.error().what});
  }
  const std::string text = request_text(request);
  auto writing = connection->write(text, deadline);
  const auto written = co_await std::move(writing);
  if (!written) co_return failure(no_answer(request, written.error().what));
  http::Response response(request.most_answer_octets);
  while (response.state() == http::Response::State::Reading) {
    auto reading = connection->read(deadline);
    const auto got = co_await std::move(reading);
    if (got) response.receive(*got);
    else if (got.error().kind == io::IoFailure::Closed) response.ended();
    else co_return failure(no_answer(request, got.error().what));
  }
  auto closing = connection->close(std::min(deadline, loop.after(1s)));
  co_await std::move(closing);
  if (response.state() == http::Response::State::Failed) co_return failure(no_answer(request, response.why()));
  co_return HttpsAnswer{response.status(), response.media_type(), response.body()};
}

}  // namespace

io::Task<Result<HttpsAnswer, HttpsError>> https_request(io::Loop& loop, std::shared_ptr<const io::TlsClientContext> tls,
                                                        FindAddresses find, HttpsRequest request, Deadline deadline) {
  auto finding = find(request.host, deadline);
  const auto addresses = co_await std::move(finding);
  auto error = no_answer(request, addresses.why.empty() ? "it has no address" : addresses.why);
  for (std::size_t n = 0; n < addresses.found.size() && n < most_addresses && loop.now() < deadline; ++n) {
    auto connecting = io::connect(loop, io::SocketAddress(addresses.found[n], request.port), std::min(deadline, loop.after(connect_time)));
    auto connected = co_await std::move(connecting);
    if (!connected) {
      error = no_answer(request, connected.error().what);
      continue;
    }
    auto talking = talk(loop, std::move(*connected), tls, request, deadline);
    auto answer = co_await std::move(talking);
    if (answer) co_return answer;
    error = std::move(answer).error();
  }
  co_return failure(std::move(error));
}

// https-URI = "https" "://" host [ ":" port ] path-abempty [ "?" query ]      RFC 9110 §4.2.2
std::optional<HttpsRequest> read_https_uri(std::string_view uri) {
  if (uri.size() > 2'000 || !starts_with_ignoring_case(uri, "https://")) return std::nullopt;
  uri.remove_prefix(8);
  if (std::ranges::any_of(uri, [](char c) { return c <= 0x20 || c >= 0x7f || c == '#' || c == '"' || c == '<' || c == '>'; })) return std::nullopt;
  const auto end = std::min(uri.find_first_of("/?"), uri.size());
  auto authority = uri.substr(0, end);
  HttpsRequest request;
  if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    Cursor in(authority.substr(colon + 1));
    const auto port = parse_number(in, 65'535);
    if (!port || !in.at_end() || *port == 0) return std::nullopt;
    request.port = static_cast<std::uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  const auto host = dns::canonical_name(authority);
  if (!host) return std::nullopt;
  request.host = *host;
  request.path = std::string(uri.substr(end));
  if (!request.path.starts_with('/')) request.path.insert(0, 1, '/');
  return request;
}

}  // namespace hikyaku::delivery
