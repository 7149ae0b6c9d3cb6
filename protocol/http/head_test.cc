#include "protocol/http/head.h"

#include <doctest/doctest.h>

namespace hikyaku::http {
namespace {

TEST_CASE("request heads") {
  const auto head = parse_request_head("GET /metrics?a=1 HTTP/1.1\r\nHost: x\r\nAccept: a/b;q=1\r\naccept:\t c/d \r\n\r\n");
  REQUIRE(head);
  CHECK(head->method == "GET");
  CHECK(head->target == "/metrics?a=1");
  CHECK(head->accept == "a/b;q=1, c/d");
  CHECK(parse_request_head("GET / HTTP/1.0\n\n"));
  for (const auto* bad : {"", "GET", "GET ", "GET /", "GET / ", "GET / HTTP/1.1", "GET / HTTP/1.1\r\n", "GET / HTTP/2.0\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
                          " GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n folded: x\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
                          "GET / HTTP/1.1\r\na: b\rc\r\n\r\n", "G\x80T / HTTP/1.1\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n", "GET / HTTP/1.x\r\n\r\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_request_head(bad));
  }
  CHECK_FALSE(parse_request_head("GET /" + std::string(2'001, 'x') + " HTTP/1.1\r\n\r\n"));
}

TEST_CASE("status lines") {
  CHECK(parse_status_line("HTTP/1.1 200 OK") == 200);
  CHECK(parse_status_line("HTTP/1.0 404") == 404);
  CHECK(parse_status_line("HTTP/1.1 503 \r") == 503);
  for (const auto* bad : {"", "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 099 x", "HTTP/2 200", "http/1.1 200", "HTTP/1.1  200", "HTTP/1.1 2x0 OK", "SSH-2.0"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_status_line(bad));
  }
}

TEST_CASE("URLs") {
  const auto url = parse_url("https://Hooks.example/alarm?key=1");
  REQUIRE(url);
  CHECK(url->scheme == Url::Scheme::Https);
  CHECK(url->host == "Hooks.example");
  CHECK(url->port == 443);
  CHECK(url->target == "/alarm?key=1");
  CHECK(url->host_field() == "Hooks.example");
  CHECK(parse_url("HTTP://127.0.0.1:8080")->target == "/");
  CHECK(parse_url("http://127.0.0.1:8080")->host_field() == "127.0.0.1:8080");
  CHECK(parse_url("http://[2001:db8::1]:81/x")->host_field() == "[2001:db8::1]:81");
  CHECK(parse_url("http://a?b")->target == "/?b");
  for (const auto* bad : {"", "http://", "http:///x", "ftp://a/", "//a/", "http:/a", "http://a:0/", "http://a:99999/", "http://a:x/", "http://u@a/", "http://u:p@a/", "http://[::1/",
                          "http://[x]/", "http://[a]/", "http://a b/", "http://a/ b", "http://a/#f", "http://a/\x80", "http://\xe6/", "http://a\r\nb/"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_url(bad));
  }
}

}  // namespace
}  // namespace hikyaku::http

TEST_CASE("a request's body has one length, told ahead, or there is no request") {
  const auto with = [](const std::string& fields) { return hikyaku::http::parse_request_head("POST /x HTTP/1.1\r\n" + fields + "\r\n"); };
  REQUIRE(with(""));
  CHECK(!with("")->content_length);
  CHECK(with("Content-Length: 14\r\n")->content_length == 14);
  CHECK(with("content-length:0\r\nContent-Length: 0\r\n")->content_length == 0);
  for (const auto* fields : {"Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: -1\r\n", "Content-Length: 1, 1\r\n", "Content-Length: 0x10\r\n", "Content-Length: \r\n", "Content-Length: 99999999999999999999\r\n",
                             "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"})
    CHECK_MESSAGE(!with(fields), fields);
}
