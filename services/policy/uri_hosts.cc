#include "services/policy/uri_hosts.h"

#include <algorithm>

#include "base/cursor.h"
#include "io/socket_address.h"
#include "protocol/dns/host_name.h"
#include "protocol/mime/structure.h"
#include "protocol/mime/transfer_encoding.h"

namespace hikyaku::policy {
namespace {

constexpr std::size_t longest_reference = 10;

int hex_value(char c) {
  const char low = ascii_lower(c);
  return is_digit(c) ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// "&#46;", "&#x2e;" and the names that could hide a link; only what comes out as ASCII matters in one.
std::string references_undone(std::string_view text) {
  struct Named {
    std::string_view name;
    char c;
  };
  static constexpr Named named[] = {{"amp", '&'}, {"colon", ':'}, {"period", '.'}, {"sol", '/'}, {"commat", '@'}, {"quot", '"'}, {"lt", '<'}, {"gt", '>'}, {"num", '#'}, {"quest", '?'}};
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto amp = text.find('&');
    out += text.substr(0, amp);
    if (amp == std::string_view::npos) break;
    text.remove_prefix(amp + 1);
    const auto end = text.substr(0, longest_reference).find(';');
    const auto name = end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
    int code = -1;
    if (name.size() > 1 && name[0] == '#') {
      const bool hex = name[1] == 'x' || name[1] == 'X';
      code = 0;
      for (const char c : name.substr(hex ? 2 : 1)) {
        const int digit = hex_value(c);
        code = digit < 0 || (!hex && digit > 9) || code > 0x10ffff ? 0x110000 : code * (hex ? 16 : 10) + digit;
      }
    } else {
      for (const auto& one : named)
        if (one.name == name) code = one.c;
    }
    if (code > 0 && code < 0x80) {
      out += static_cast<char>(code);
      text.remove_prefix(end + 1);
    } else {
      out += '&';
    }
  }
  return out;
}

std::string percents_undone(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool encoded = text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
    if (!encoded) out += text[at];
    else out += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2])), at += 2;
  }
  return out;
}

// authority = [ userinfo "@" ] host [ ":" port ]      RFC 3986 §3.2
std::string_view host_of(std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  authority = authority.substr(0, authority.find(':'));
  while (authority.ends_with('.') || authority.ends_with(',') || authority.ends_with(';') || authority.ends_with('!')) authority.remove_suffix(1);
  return authority;
}

void add_host(std::string_view authority, std::vector<std::string>& hosts) {
  const auto decoded = percents_undone(authority);
  const auto host = host_of(decoded);
  const auto address = io::IpAddress::parse(host);
  auto name = address ? std::optional(address->to_string()) : dns::canonical_name(host);
  if (!name || name->find('.') == std::string::npos || hosts.size() >= most_uri_hosts) return;
  if (std::ranges::find(hosts, *name) == hosts.end()) hosts.push_back(*std::move(name));
}

bool ends_authority(char c) { return is_ctl(c) || c == ' ' || std::string_view("/\\?#\"'<>()[]{}|^`").find(c) != std::string_view::npos; }
bool is_word(char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || is_eight_bit(c); }

}  // namespace

void add_uri_hosts(std::string_view text, TextKind kind, std::vector<std::string>& hosts) {
  std::string undone;
  if (kind == TextKind::Html) text = undone = references_undone(text);
  Cursor in(text);
  char before = ' ';
  while (!in.at_end() && hosts.size() < most_uri_hosts) {
    const bool begins = !is_word(before);
    const bool link = begins && (in.take_ignoring_case("http://") || in.take_ignoring_case("https://"));
    // Browsers take backslashes, and any number of slashes, for the two.
    const bool odd_link = begins && !link && (in.take_ignoring_case("http:") || in.take_ignoring_case("https:"));
    if (link || odd_link) in.take_while([](char c) { return c == '/' || c == '\\'; });
    if (link || odd_link || (begins && starts_with_ignoring_case(in.rest(), "www."))) {
      std::size_t length = 0;
      add_host(in.take_while([&length](char c) { return ++length <= longest_authority && !ends_authority(c); }), hosts);
      before = ' ';
      if (link || odd_link) continue;
    }
    before = in.next();
  }
}

std::vector<std::string> uri_hosts_in(std::string_view message) {
  std::vector<std::string> hosts;
  const auto structure = mime::Structure::parse(message);
  for (const auto& part : structure.parts) {
    if (part.kind != mime::Part::Kind::Leaf || !part.is("text") || hosts.size() >= most_uri_hosts) continue;
    const bool html = part.is("text", "html");
    if (!html && !part.is("text", "plain")) continue;
    add_uri_hosts(mime::decode_body(mime::transfer_encoding(part.encoding), part.body.in(message)), html ? TextKind::Html : TextKind::Plain, hosts);
  }
  return hosts;
}

}  // namespace hikyaku::policy
