// The beginnings of HTTP/1.1 messages (RFC 9112), as far as a page of metrics and a webhook need them: what a request asks
// for, what a response's first line says, what a URL names. Pure, linear; the caller bounds the length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::http {

struct RequestHead {
  std::string method;  // "GET"
  std::string target;  // "/metrics?x=1", at most 2,000 octets
  std::string accept;  // the Accept fields, joined by commas
  std::optional<std::uint64_t> content_length;  // of a body behind the head (RFC 9112 §6.2)
};
// Of a whole head, its empty line included. Nothing: it is none (RFC 9112 §3), or its body has no one length that is told ahead (§6.3).
[[nodiscard]] std::optional<RequestHead> parse_request_head(std::string_view head);

// 200 of "HTTP/1.1 200 OK" (RFC 9112 §4). Nothing: no such line.
[[nodiscard]] std::optional<std::uint16_t> parse_status_line(std::string_view line);

struct Url {
  enum class Scheme : std::uint8_t { Http, Https } scheme = Scheme::Http;
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 80;
  std::string target = "/";  // path and query
  [[nodiscard]] std::string host_field() const;  // as Host has it (RFC 9112 §3.2)
};
// "https://hooks.example/alarm?key=1". Nothing: another scheme, user information, a fragment, or no URL (RFC 3986 §3).
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

}  // namespace hikyaku::http
