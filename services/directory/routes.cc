#include "services/directory/routes.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "io/socket_address.h"
#include "services/directory/address_text.h"

namespace hikyaku::directory {

namespace {

constexpr std::size_t most_pattern_octets = 320, most_hosts = 10, most_fields = 20;
constexpr std::uint16_t smtp_port = 25, lmtp_port = 24;
constexpr std::uint32_t usual_fallback_after = 3;

using Problem = std::string;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> fields_of(std::string_view row) {
  std::vector<std::string_view> fields;
  while (fields.size() <= most_fields) {
    const auto comma = row.find(',');
    fields.push_back(trimmed(row.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    row.remove_prefix(comma + 1);
  }
  return fields;
}

bool is_pattern(std::string_view text) {
  return !text.empty() && text.size() <= most_pattern_octets && std::ranges::count(text, '@') <= 1 &&
         std::ranges::none_of(text, [](char c) { return is_ctl(c) || c == ' ' || c == ',' || c == '|' || c == '<' || c == '>'; });
}

Result<std::uint16_t, Problem> port_number(std::string_view text) {
  Cursor in(text);
  const auto port = parse_number(in, 65'535);
  if (!port || !in.at_end() || *port == 0) return failure(Problem("\"" + std::string(text) + "\" is no port; write a number from 1 to 65535, mostly 25, as in *.a.example,gw.a.example,25."));
  return static_cast<std::uint16_t>(*port);
}

// Port 0: not said.
Result<RouteHost, Problem> parse_host(std::string_view text) {
  RouteHost host{"", 0};
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return failure(Problem("A '[' has no ']'; write [2001:db8::1]:25."));
    host.name = ascii_lower(text.substr(1, end - 1));
    port = text.substr(end + 1);
    if (!io::IpAddress::parse(host.name)) return failure(Problem("Between [ and ] stands an IP address, such as [2001:db8::1]."));
  } else {
    // More than one colon: an IPv6 address without a port.
    const auto colon = std::ranges::count(text, ':') == 1 ? text.find(':') : std::string_view::npos;
    host.name = ascii_lower(text.substr(0, colon));
    if (colon != std::string_view::npos) port = text.substr(colon);
    const bool address = host.name.find(':') != std::string::npos;
    if (address ? !io::IpAddress::parse(host.name) : !is_domain(host.name))
      return failure(Problem("The host must be a host name or an IP address, such as gw.example.jp."));
  }
  if (port.empty()) return host;
  if (port.front() != ':') return failure(Problem("After a host comes a space, a comma or :port."));
  TRY(number, port_number(port.substr(1)));
  host.port = number;
  return host;
}

Result<std::vector<RouteHost>, Problem> parse_hosts(std::string_view text) {
  std::vector<RouteHost> hosts;
  while (!text.empty()) {
    const auto space = std::min(text.find_first_of(" \t"), text.size());
    TRY(host, parse_host(text.substr(0, space)));
    if (hosts.size() == most_hosts) return failure(Problem("A row has at most ten hosts; drop some."));
    hosts.push_back(host);
    text = trimmed(text.substr(space));
  }
  if (hosts.empty()) return failure(Problem("The host is missing; write pattern,host,port."));
  return hosts;
}

struct Word {
  std::string_view name;
  RouteTls tls;
};
constexpr std::array<Word, 4> tls_words{{{"none", RouteTls::None},
                                         {"opportunistic", RouteTls::Opportunistic},
                                         {"required", RouteTls::Required},
                                         {"verified", RouteTls::Verified}}};

Result<void, Problem> take_tls(std::string_view value, RouteTerms& terms) {
  const auto word = std::ranges::find_if(tls_words, [&](const Word& one) { return equal_ignoring_case(one.name, value); });
  if (word == tls_words.end()) return failure(Problem("tls= is one of none, opportunistic, required, verified."));
  terms.tls = word->tls;
  return {};
}

Result<void, Problem> take_mechanism(std::string_view value, RouteTerms& terms) {
  for (const std::string_view name : {"PLAIN", "LOGIN", "SCRAM-SHA-256", "XOAUTH2"})
    if (equal_ignoring_case(name, value)) {
      terms.mechanism = name;
      return {};
    }
  return failure(Problem("auth= is one of plain, login, scram-sha-256, xoauth2."));
}

Result<void, Problem> take_source(std::string_view value, RouteTerms& terms) {
  const auto address = io::IpAddress::parse(value);
  if (!address) return failure(Problem("source= is an IP address of this machine, such as source=192.0.2.1."));
  const bool v6 = value.find(':') != std::string_view::npos;
  for (const auto& other : terms.sources)
    if ((other.find(':') != std::string::npos) == v6)
      return failure(Problem("A row has at most one source= of IPv4 and one of IPv6; drop one."));
  terms.sources.push_back(address->to_string());
  return {};
}

Result<void, Problem> take_option(std::string_view option, RouteTerms& terms) {
  const auto equals = option.find('=');
  const auto name = trimmed(option.substr(0, equals));
  const auto value = equals == std::string_view::npos ? std::string_view{} : trimmed(option.substr(equals + 1));
  const auto is = [&](std::string_view word) { return equal_ignoring_case(name, word); };
  if (is("lmtp") && equals == std::string_view::npos) {
    terms.protocol = RouteProtocol::Lmtp;
    return {};
  }
  if (is("tls")) return take_tls(value, terms);
  if (is("auth")) return take_mechanism(value, terms);
  if (is("source")) return take_source(value, terms);
  if (is("login")) {
    if (value.empty() || value.size() > 255 || std::ranges::any_of(value, is_ctl))
      return failure(Problem("login= names the user; its secret is set with: hikyaku route secret USER."));
    terms.login = value;
    return {};
  }
  if (is("fallback")) {
    TRY(host, parse_host(value));
    terms.fallback = host;
    if (host.port == 0) terms.fallback.port = smtp_port;
    return {};
  }
  if (is("after")) {
    Cursor in(value);
    const auto count = parse_number(in, 1'000);
    if (!count || !in.at_end() || *count == 0) return failure(Problem("after= is the number of failures before the fallback, from 1 to 1000."));
    terms.fallback_after = static_cast<std::uint32_t>(*count);
    return {};
  }
  return failure("\"" + std::string(option) + "\" is no option; there are lmtp, tls=, login=, auth=, source=, fallback=, after=.");
}

Result<void, Problem> check_together(RouteTerms& terms) {
  if (!terms.mechanism.empty() && terms.login.empty()) return failure(Problem("auth= needs login=, the user to log in as."));
  const bool shows = terms.mechanism == "PLAIN" || terms.mechanism == "LOGIN" || terms.mechanism == "XOAUTH2";
  if (shows && terms.tls == RouteTls::None) return failure(Problem("auth=" + ascii_lower(terms.mechanism) + " shows the secret to whoever listens; it cannot go with tls=none."));
  if (terms.fallback_after != 0 && terms.fallback.name.empty()) return failure(Problem("after= needs fallback=, the relay that takes over."));
  if (!terms.fallback.name.empty() && terms.fallback_after == 0) terms.fallback_after = usual_fallback_after;
  return {};
}

// Fields from the hosts on.
Result<void, Problem> take_target(const std::vector<std::string_view>& fields, std::size_t first, Route& route) {
  TRY(hosts, parse_hosts(fields[first]));
  std::uint16_t port = 0;
  for (std::size_t n = first + 1; n < fields.size(); ++n) {
    if (fields[n].empty()) continue;
    if (n == first + 1 && is_digit(fields[n].front())) {
      TRY(number, port_number(fields[n]));
      port = number;
    } else {
      TRY_VOID(take_option(fields[n], route.terms));
    }
  }
  TRY_VOID(check_together(route.terms));
  if (port == 0) port = route.terms.protocol == RouteProtocol::Lmtp ? lmtp_port : smtp_port;
  for (auto& host : hosts)
    if (host.port == 0) host.port = port;
  route.hosts = std::move(hosts);
  return {};
}

std::string host_name(const RouteHost& host, std::uint16_t usual) {
  if (host.port == usual) return host.name;
  const bool v6 = host.name.find(':') != std::string::npos;
  return (v6 ? '[' + host.name + ']' : host.name) + ':' + std::to_string(host.port);
}

std::string print_options(const RouteTerms& terms) {
  std::string out;
  if (terms.protocol == RouteProtocol::Lmtp) out += ",lmtp";
  for (const auto& word : tls_words)
    if (word.tls == terms.tls) out += ",tls=" + std::string(word.name);
  if (!terms.login.empty()) out += ",login=" + terms.login;
  if (!terms.mechanism.empty()) out += ",auth=" + ascii_lower(terms.mechanism);
  for (const auto& source : terms.sources) out += ",source=" + source;
  if (!terms.fallback.name.empty())
    out += ",fallback=" + host_name(terms.fallback, smtp_port) + ",after=" + std::to_string(terms.fallback_after);
  return out;
}

}  // namespace

Result<Route, std::string> parse_route(std::string_view row) {
  const auto fields = fields_of(row);
  if (fields.size() < 2) return failure(Problem("A route has at least two fields; write pattern,host,port."));
  if (fields.size() > most_fields) return failure(Problem("A route has at most twenty fields; write pattern,host,port."));
  Route route;
  const auto bar = fields[0].find('|');
  const auto pattern = trimmed(fields[0].substr(0, bar));
  if (!is_pattern(pattern) || pattern.starts_with(byte_order_mark))
    return failure(Problem("The pattern must be an address, a domain, or either with '*' in it, such as *.example.jp."));
  route.pattern = fold_pattern(pattern);
  if (bar != std::string_view::npos) {
    const auto sender = trimmed(fields[0].substr(bar + 1));
    if (sender != "<>" && !is_pattern(sender))
      return failure(Problem("After '|' stands a sender: an address, a domain, either with '*' in it, or <> for error mails."));
    route.sender = sender == "<>" ? std::string(sender) : fold_pattern(sender);
  }
  TRY_VOID(take_target(fields, 1, route));
  return route;
}

Result<Route, std::string> parse_gateway(std::string_view text) {
  const auto fields = fields_of(text);
  if (fields.size() > most_fields) return failure(Problem("A gateway has at most twenty fields; write host,port."));
  Route route;
  route.pattern = "*";
  TRY_VOID(take_target(fields, 0, route));
  return route;
}

std::string print_host(const RouteHost& host) { return host_name(host, 0); }

std::string print_target(const Route& route) {
  if (route.hosts.empty()) return {};
  const auto port = route.hosts.front().port;
  std::string out;
  for (const auto& host : route.hosts) out += (out.empty() ? "" : " ") + host_name(host, port);
  return out + ',' + std::to_string(port) + print_options(route.terms);
}

std::string print_route(const Route& route) {
  return route.pattern + (route.sender.empty() ? "" : '|' + route.sender) + ',' + print_target(route);
}

}  // namespace hikyaku::directory
