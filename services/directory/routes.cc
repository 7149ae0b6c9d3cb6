#include "services/directory/routes.h"

#include <algorithm>

#include "services/directory/address_text.h"

namespace hikyaku::directory {

namespace {

constexpr std::size_t most_rows = 1'000'000, most_pattern_octets = 320;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_pattern(std::string_view text) {
  return !text.empty() && text.size() <= most_pattern_octets && std::ranges::count(text, '@') <= 1 &&
         std::ranges::none_of(text, [](char c) { return is_ctl(c) || c == ' ' || c == ','; });
}

// A name, or an address with or without brackets.
bool is_host(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return is_domain(text) && text.front() != '[';
  return text.size() <= 45 && std::ranges::all_of(text, [](char c) {
    return is_digit(c) || c == ':' || c == '.' || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
  });
}

}  // namespace

Result<Route, std::string> parse_route(std::string_view row) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto comma = row.find(',');
    fields.push_back(trimmed(row.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    row.remove_prefix(comma + 1);
  }
  if (fields.size() < 2 || fields.size() > 3)
    return failure(std::string("A route has two or three fields; write pattern,host,port."));
  const auto pattern = fields[0];
  if (pattern.find('|') != std::string_view::npos)
    return failure(std::string("Sender conditions (after '|') are not supported; write the recipient's pattern alone."));
  if (!is_pattern(pattern))
    return failure(std::string("The pattern must be an address, a domain, or either with '*' in it, such as *.example.jp."));
  auto host = fields[1];
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!is_host(host)) return failure(std::string("The host must be a host name or an IP address, such as gw.example.jp."));
  Route route{fold_pattern(pattern), ascii_lower(host), 25};
  if (fields.size() == 3 && !fields[2].empty()) {
    Cursor in(fields[2]);
    const auto port = parse_number(in, 65'535);
    if (!port || !in.at_end() || *port == 0) return failure(std::string("The port must be a number from 1 to 65535, mostly 25."));
    route.port = static_cast<std::uint16_t>(*port);
  }
  return route;
}

std::string print_route(const Route& route) { return route.pattern + ',' + route.host + ',' + std::to_string(route.port); }

ParsedRoutes parse_gateway_dat(std::string_view text) {
  ParsedRoutes parsed;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // Notepad's mark
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    auto row = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (row.ends_with('\r')) row.remove_suffix(1);
    row = trimmed(row);
    if (row.empty() || row.front() == '#' || row.front() == ';' || row.front() == '\'') continue;
    if (parsed.routes.size() == most_rows) {
      parsed.bad.push_back({line, "There are more than 1,000,000 routes; shorten the table with '*' patterns."});
      break;
    }
    auto route = parse_route(row);
    if (route) parsed.routes.push_back(std::move(*route));
    else if (parsed.bad.size() < 10'000) parsed.bad.push_back({line, std::move(route).error()});
  }
  return parsed;
}

std::string print_gateway_dat(const std::vector<Route>& routes) {
  std::string text;
  for (const auto& route : routes) text += print_route(route) + '\n';
  return text;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && ascii_lower(pattern[p]) == ascii_lower(text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {  // let the last star take one octet more
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool route_matches(const Route& route, const Address& recipient) {
  if (route.pattern.find('@') == std::string::npos) return matches_pattern(route.pattern, recipient.domain);
  return matches_pattern(route.pattern, recipient.local_part + '@' + recipient.domain);
}

}  // namespace hikyaku::directory
