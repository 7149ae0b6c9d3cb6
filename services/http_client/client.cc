#include "services/http_client/client.h"

#include <algorithm>

#include "io/listener.h"
#include "protocol/dns/host_name.h"
#include "protocol/http/response.h"

namespace hikyaku::http {
namespace {

constexpr Duration connect_time = 10s;
constexpr std::size_t most_addresses = 4, longest_status_line = 4'096;

std::string request_text(const ClientRequest& request) {
  const bool get = request.content_type.empty();
  std::string text = (get ? "GET " : "POST ") + request.url.target + " HTTP/1.1\r\nHost: " + request.url.host_field();
  text += "\r\nUser-Agent: Hikyaku\r\nAccept: */*\r\nConnection: close\r\n";
  if (!get) text += "Content-Type: " + request.content_type + "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

ClientError no_answer(const ClientRequest& request, const std::string& why) {
  return {ClientFailure::NoAnswer, request.url.host + ": " + why};
}

using Answer = Result<ClientAnswer, ClientError>;

Task<Answer> read_status(io::Connection& connection, const ClientRequest& request, Deadline deadline) {
  std::string line;
  while (line.find('\n') == std::string::npos && line.size() < longest_status_line) {
    auto reading = connection.read(deadline);
    const auto read = co_await std::move(reading);
    if (!read) co_return failure(no_answer(request, read.error().what));
    line += *read;
  }
  line.resize(std::min(line.size(), line.find('\n')));
  const auto status = parse_status_line(line);
  if (!status) co_return failure(no_answer(request, "the answer is not HTTP"));
  co_return ClientAnswer{*status, "", ""};
}

Task<Answer> read_whole(io::Connection& connection, const ClientRequest& request, Deadline deadline) {
  Response response(request.most_answer_octets);
  while (response.state() == Response::State::Reading) {
    auto reading = connection.read(deadline);
    const auto got = co_await std::move(reading);
    if (got) response.receive(*got);
    else if (got.error().kind == io::IoFailure::Closed) response.ended();
    else co_return failure(no_answer(request, got.error().what));
  }
  if (response.state() == Response::State::Failed) co_return failure(no_answer(request, response.why()));
  co_return ClientAnswer{response.status(), response.media_type(), response.body()};
}

Task<Answer> talk(io::Loop& loop, std::unique_ptr<io::Connection> connection, std::shared_ptr<const io::TlsClientContext> tls,
                      const ClientRequest& request, Deadline deadline) {
  if (request.url.scheme == Url::Scheme::Https) {
    auto starting = connection->start_tls_client(std::move(tls), request.url.host, io::PeerCheck::Name, {}, deadline);
    const auto started = co_await std::move(starting);
    if (!started) {
      const auto verdict = connection->tls_verdict();
      const bool certificate = verdict != io::TlsVerdict::NotChecked && verdict != io::TlsVerdict::Good;
      co_return failure(ClientError{certificate ? ClientFailure::Certificate : ClientFailure::NoAnswer, request.url.host + ": TLS: " + started.error().what});
    }
  }
  const std::string text = request_text(request);
  auto writing = connection->write(text, deadline);
  const auto written = co_await std::move(writing);
  if (!written) co_return failure(no_answer(request, written.error().what));
  if (request.wanted == Wanted::Status) {
    auto reading = read_status(*connection, request, deadline);
    auto answer = co_await std::move(reading);
    connection->abort();
    co_return answer;
  }
  auto reading = read_whole(*connection, request, deadline);
  auto answer = co_await std::move(reading);
  if (!answer) co_return answer;
  auto closing = connection->close(std::min(deadline, loop.after(1s)));
  co_await std::move(closing);
  co_return answer;
}

}  // namespace

Task<Answer> send_request(io::Loop& loop, std::shared_ptr<const io::TlsClientContext> tls, FindAddresses find, ClientRequest request,
                              Deadline deadline) {
  HostAddresses addresses;
  if (const auto literal = io::IpAddress::parse(request.url.host)) {
    addresses.found.push_back(*literal);
  } else {
    auto finding = find(request.url.host, deadline);
    addresses = co_await std::move(finding);
  }
  auto error = no_answer(request, addresses.why.empty() ? "it has no address" : addresses.why);
  for (std::size_t n = 0; n < addresses.found.size() && n < most_addresses && loop.now() < deadline; ++n) {
    auto connecting = io::connect(loop, io::SocketAddress(addresses.found[n], request.url.port), std::min(deadline, loop.after(connect_time)));
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

std::optional<ClientRequest> https_request_to(std::string_view uri) {
  auto url = parse_url(uri);
  if (!url || url->scheme != Url::Scheme::Https) return std::nullopt;
  auto host = dns::canonical_name(url->host);
  if (!host) return std::nullopt;
  url->host = *std::move(host);
  ClientRequest request;
  request.url = *std::move(url);
  return request;
}

}  // namespace hikyaku::http
