#include "protocol/http/response.h"

#include <doctest/doctest.h>

using namespace hikyaku::http;
using State = Response::State;

namespace {

Response read(std::string_view text, bool end = false) {
  Response response(100);
  response.receive(text);
  if (end) response.ended();
  return response;
}

}  // namespace

TEST_CASE("a body ends by its length, by its chunks or with the stream") {
  const auto by_length = read("HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello and more");
  CHECK(by_length.state() == State::Complete);
  CHECK(by_length.body() == "hello");
  CHECK(by_length.media_type() == "text/plain");
  const auto chunks = read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: x\r\n\r\n");
  CHECK(chunks.state() == State::Complete);
  CHECK(chunks.body() == "hello");
  CHECK(read("HTTP/1.0 404 Not here\n\nhello", true).status() == 404);
  CHECK(read("HTTP/1.0 200\r\n\r\nhello", true).body() == "hello");
  CHECK(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n").status() == 204);
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").state() == State::Complete);
}

TEST_CASE("what is no whole answer fails") {
  for (const char* bad : {"HTTP/2 200 OK\r\n\r\n", "220 mail.example ESMTP\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "HTTP/1.1 200 OK\r\nno field\r\n\r\n", "HTTP/1.1 200 OK\r\nname : x\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 1\r\nx\r\n"})
    CHECK_MESSAGE(read(bad).state() == State::Failed, bad);
  CHECK(read("HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x')).state() == State::Failed);
  CHECK(read("HTTP/1.1 200 OK\r\n" + std::string(9000, 'x')).state() == State::Failed);
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int n = 0; n < 5000; ++n) many += "X: y1234\r\n";
  CHECK(read(many).state() == State::Failed);
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", true).state() == State::Failed);
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Len", true).state() == State::Failed);
  CHECK(read("", true).state() == State::Failed);
}
