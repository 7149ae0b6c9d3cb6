#include "protocol/http/head.h"

#include <algorithm>
#include <string_view>

#include "base/cursor.h"

namespace hikyaku::http {
namespace {

constexpr std::size_t longest_target = 2'000;
constexpr std::uint64_t most_content_length = 1ULL << 40;

// tchar (RFC 9110 §5.6.2)
bool is_token(char c) { return is_alpha(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos; }
bool is_target(char c) { return c > ' ' && c < 0x7f; }
bool is_host(char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// HTTP-version (RFC 9112 §2.3)
bool take_version(Cursor& in) { return in.take("HTTP/1.") && is_digit(in.next()); }

bool take_line_end(Cursor& in) { return in.take("\r\n") || in.take('\n'); }  // §2.2: a bare LF may end a line

bool take_field(Cursor& in, RequestHead& head) {
  const auto name = in.take_while(is_token);
  if (name.empty() || !in.take(':')) return false;
  const auto value = trimmed(in.take_while([](char c) { return c != '\r' && c != '\n' && c != '\0'; }));
  if (equal_ignoring_case(name, "accept")) head.accept += (head.accept.empty() ? "" : ", ") + std::string(value);
  if (equal_ignoring_case(name, "transfer-encoding")) return false;
  if (equal_ignoring_case(name, "content-length")) {
    Cursor digits(value);
    const auto length = parse_number(digits, most_content_length);
    if (!length || !digits.at_end() || head.content_length.value_or(*length) != *length) return false;
    head.content_length = *length;
  }
  return take_line_end(in);
}

}  // namespace

std::optional<RequestHead> parse_request_head(std::string_view text) {
  Cursor in(text);
  RequestHead head;
  head.method = in.take_while(is_token);
  if (head.method.empty() || !in.take(' ')) return std::nullopt;
  head.target = in.take_while(is_target);
  if (head.target.empty() || head.target.size() > longest_target || !in.take(' ')) return std::nullopt;
  if (!take_version(in) || !take_line_end(in)) return std::nullopt;
  while (!take_line_end(in))
    if (!take_field(in, head)) return std::nullopt;
  return head;
}

std::optional<std::uint16_t> parse_status_line(std::string_view line) {
  Cursor in(line);
  if (!take_version(in) || !in.take(' ')) return std::nullopt;
  const auto digits = in.take_octets(3);
  if (digits.size() != 3 || !std::ranges::all_of(digits, is_digit) || digits[0] == '0') return std::nullopt;
  if (!in.at_end() && in.peek() != ' ' && in.peek() != '\r') return std::nullopt;
  return static_cast<std::uint16_t>((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
}

std::string Url::host_field() const {
  const bool v6 = host.find(':') != std::string::npos;
  const bool usual = port == (scheme == Scheme::Https ? 443 : 80);
  return (v6 ? "[" + host + "]" : host) + (usual ? "" : ":" + std::to_string(port));
}

std::optional<Url> parse_url(std::string_view text) {
  Cursor in(text);
  Url url;
  if (in.take_ignoring_case("https://")) url.scheme = Url::Scheme::Https, url.port = 443;
  else if (!in.take_ignoring_case("http://")) return std::nullopt;
  if (in.take('[')) {
    url.host = in.take_while([](char c) { return is_digit(c) || c == ':' || c == '.' || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f'); });
    if (url.host.find(':') == std::string::npos || !in.take(']')) return std::nullopt;
  } else {
    url.host = in.take_while(is_host);
  }
  if (url.host.empty() || url.host.size() > 253) return std::nullopt;
  if (in.take(':')) {
    const auto port = parse_number(in, 65'535);
    if (!port || *port == 0) return std::nullopt;
    url.port = static_cast<std::uint16_t>(*port);
  }
  if (in.at_end()) return url;
  if (in.peek() != '/' && in.peek() != '?') return std::nullopt;
  url.target = in.peek() == '?' ? "/" : "";
  url.target += in.take_while([](char c) { return is_target(c) && c != '#'; });
  return in.at_end() && url.target.size() <= longest_target ? std::optional(url) : std::nullopt;
}

}  // namespace hikyaku::http
