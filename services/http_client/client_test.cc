#include "services/http_client/client.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <mutex>
#include <thread>

#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::http;

namespace {

// Answers one connection with `says` and keeps what was asked. `after`: what it does then.
enum class Then : std::uint8_t { Close, Hang };
class Peer {
 public:
  Peer(std::string says, Then then) : says_(std::move(says)), then_(then) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET, address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_.get(), 5) == 0);
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    serving_ = std::jthread([this] { serve(); });
  }
  ~Peer() {
    const std::lock_guard lock(mutex_);
    ::shutdown(listener_.get(), SHUT_RDWR), ::shutdown(connection_.get(), SHUT_RDWR);
  }
  std::uint16_t port = 0;
  std::string asked;

 private:
  void serve() {
    io::Descriptor accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted) return;
    const int line = accepted.get();
    keep(std::move(accepted));
    char octets[4'096];
    while (asked.find("\r\n\r\n") == std::string::npos) {
      const auto count = ::recv(line, octets, sizeof octets, 0);
      if (count <= 0) return;
      asked.append(octets, static_cast<std::size_t>(count));
    }
    (void)::send(line, says_.data(), says_.size(), MSG_NOSIGNAL);
    if (then_ == Then::Close) keep({});
    else (void)::recv(line, octets, 1, 0);
  }
  void keep(io::Descriptor connection) {
    const std::lock_guard lock(mutex_);
    connection_ = std::move(connection);
  }
  std::string says_;
  Then then_;
  std::mutex mutex_;  // of the connection
  io::Descriptor listener_, connection_;
  std::jthread serving_;
};

Task<HostAddresses> here(std::string host, Deadline) {
  HostAddresses addresses;
  if (host == "hook.example") addresses.found = {*io::IpAddress::parse("127.0.0.1")};
  else addresses.why = "nobody knows it";
  co_return addresses;
}

Task<void> ask(io::Loop& loop, ClientRequest request, std::optional<Result<ClientAnswer, ClientError>>& into) {
  auto sending = send_request(loop, nullptr, here, std::move(request), loop.after(20s));
  into = co_await std::move(sending);
}

Result<ClientAnswer, ClientError> answer_to(ClientRequest request) {
  io::Loop loop;
  std::optional<Result<ClientAnswer, ClientError>> answer;
  io::run_to_end(loop, ask(loop, std::move(request), answer));
  return *answer;
}

ClientRequest post(const Peer& peer, Wanted wanted, std::string host = "hook.example") {
  ClientRequest request;
  request.url = {Url::Scheme::Http, std::move(host), peer.port, "/hook?key=1"};
  request.content_type = "application/json", request.body = "{}", request.wanted = wanted;
  return request;
}

}  // namespace

TEST_CASE("http client: a whole answer, and a status of a server that never ends") {
  Peer whole("HTTP/1.1 201 Created\r\nContent-Type: text/plain; charset=x\r\nContent-Length: 2\r\n\r\nok", Then::Close);
  const auto answer = answer_to(post(whole, Wanted::Whole));
  REQUIRE(answer);
  CHECK(answer->status == 201);
  CHECK(answer->media_type == "text/plain");
  CHECK(answer->body == "ok");
  CHECK(whole.asked.starts_with("POST /hook?key=1 HTTP/1.1\r\nHost: hook.example:" + std::to_string(whole.port) + "\r\n"));
  CHECK(whole.asked.find("Content-Type: application/json\r\nContent-Length: 2\r\n") != std::string::npos);
  Peer endless("HTTP/1.1 204 No Content\r\nX: y\r\n", Then::Hang);
  const auto status = answer_to(post(endless, Wanted::Status, "127.0.0.1"));
  REQUIRE(status);
  CHECK(status->status == 204);
}

TEST_CASE("http client: what is no answer is an error that names the host") {
  for (const auto& [says, wanted] : std::initializer_list<std::pair<const char*, Wanted>>{
           {"", Wanted::Whole}, {"", Wanted::Status}, {"220 mail.example ESMTP\r\n", Wanted::Status}, {"220 mail.example ESMTP\r\n", Wanted::Whole},
           {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", Wanted::Whole}, {"HTTP/1.1 200", Wanted::Status}}) {
    CAPTURE(says);
    Peer peer(says, Then::Close);
    const auto answer = answer_to(post(peer, wanted));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ClientFailure::NoAnswer);
    CHECK(answer.error().what.starts_with("hook.example: "));
  }
  Peer long_one("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'), Then::Close);
  CHECK_FALSE(answer_to(post(long_one, Wanted::Whole)));
  Peer unused("", Then::Close);
  CHECK(answer_to(post(unused, Wanted::Whole, "other.example")).error().what == "other.example: nobody knows it");
}

TEST_CASE("http client: the parts of an https address") {
  const auto uri = https_request_to("https://Reports.example:8443/tls?x=y");
  REQUIRE(uri);
  CHECK(uri->url.host == "reports.example");
  CHECK(uri->url.port == 8443);
  CHECK(uri->url.target == "/tls?x=y");
  CHECK(https_request_to("https://r.example?x")->url.target == "/?x");
  for (const char* bad : {"http://a.example/", "https://", "https:///x", "https://a b/", "https://u:p@a.example/", "https://a.example:0/", "https://a.example:x/",
                          "https://a.example:99999/", "https://a.example/#x", "https://a.example/\r\nX: y"})
    CHECK_MESSAGE(!https_request_to(bad), bad);
}
