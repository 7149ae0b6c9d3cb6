#include "services/directory/account_rules.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/cursor.h"
#include "io/socket_address.h"
#include "services/directory/access.h"
#include "services/directory/address_text.h"
#include "services/directory/sender_pattern.h"

namespace hikyaku::directory {
namespace {

constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::size_t most_spans = 50;
constexpr unsigned day_minutes = 24 * 60;

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

struct Span {
  unsigned first_day = 0, last_day = 6, from = 0, to = 0;
};

std::optional<unsigned> take_day(Cursor& in) {
  const auto name = in.rest().substr(0, 3);
  for (unsigned day = 0; day < day_names.size(); ++day)
    if (equal_ignoring_case(name, day_names[day])) return (void)in.take_octets(3), day;
  return std::nullopt;
}

// "08:00", "24:00"
std::optional<unsigned> take_time(Cursor& in) {
  const auto hour = parse_number(in, 24);
  if (!hour || !in.take(':')) return std::nullopt;
  const auto digits = in.rest().size();
  const auto minute = parse_number(in, 59);
  if (!minute || digits - in.rest().size() != 2 || (*hour == 24 && *minute != 0)) return std::nullopt;
  return static_cast<unsigned>(*hour * 60 + *minute);
}

// days SP time "-" time
std::optional<Span> parse_span(std::string_view text) {
  Cursor in(text);
  Span span;
  if (!in.take_ignoring_case("daily")) {
    const auto first = take_day(in);
    if (!first) return std::nullopt;
    span.first_day = span.last_day = *first;
    if (in.take('-')) {
      const auto last = take_day(in);
      if (!last) return std::nullopt;
      span.last_day = *last;
    }
  }
  if (!in.take(' ')) return std::nullopt;
  while (in.take(' ')) {
  }
  const auto from = take_time(in);
  if (!from || !in.take('-')) return std::nullopt;
  const auto to = take_time(in);
  if (!to || !in.at_end() || *from == *to || *from == day_minutes) return std::nullopt;
  span.from = *from, span.to = *to;
  return span;
}

std::string time_text(unsigned minutes) {
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(minutes / 60) + ':' + two(minutes % 60);
}

std::string print(const Span& span) {
  std::string days = span.first_day == 0 && span.last_day == 6 ? "daily" : std::string(day_names[span.first_day]);
  if (days != "daily" && span.last_day != span.first_day) days += '-' + std::string(day_names[span.last_day]);
  return days + ' ' + time_text(span.from) + '-' + time_text(span.to);
}

bool has_day(const Span& span, unsigned day) {
  return span.first_day <= span.last_day ? span.first_day <= day && day <= span.last_day : day >= span.first_day || day <= span.last_day;
}

bool has_time(const Span& span, TimeOfWeek now) {
  if (span.from < span.to) return has_day(span, now.day) && span.from <= now.minute && now.minute < span.to;
  return (has_day(span, now.day) && now.minute >= span.from) || (has_day(span, (now.day + 6) % 7) && now.minute < span.to);
}

bool matches_mail(std::string_view who, const Address& address) {
  if (who == "*") return true;
  if (who.find('@') != std::string_view::npos) return who == fold(address);
  const auto domain = fold_domain(address.domain);
  return who.starts_with('.') ? domain.size() > who.size() && domain.ends_with(who) : who == domain;
}

bool matches_client(std::string_view who, const io::IpAddress& client) {
  if (const auto address = io::IpAddress::parse(who)) return *address == client;
  const auto network = io::IpNetwork::parse(std::string(who));
  return network && network->contains(client);
}

bool is_of_client(std::string_view who) { return io::IpAddress::parse(who.substr(0, who.find('/'))).has_value(); }

// "10.*.*.*", "192.0.2.0/24", "2001:db8::/32": an address or nothing.
bool looks_like_address(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return false;
  return text.find(':') != std::string_view::npos || (text.find_first_not_of("0123456789.*/") == std::string_view::npos && text.find_first_of("0123456789") != std::string_view::npos);
}

// Each line that says something, without what surrounds it.
void each_line(std::string_view text, const auto& take) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = trimmed(without_mark(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty()) take(number, line);
  }
}

}  // namespace

Result<std::string, std::string> normal_rule_pattern(Direction direction, std::string_view text) {
  if (text == "*" || text == "*@*") return std::string("*");
  const bool is_address = looks_like_address(text);
  if (is_address && direction == Direction::In)
    if (auto network = normal_access_pattern(AccessWho::Client, text); network && is_of_client(*network)) return network;
  if (text.starts_with("*@*.")) text.remove_prefix(3);
  else if (text.starts_with("*@")) text.remove_prefix(2);
  if (text == "<>" && direction == Direction::Out) return failure(std::string("\"<>\" is no recipient; write user@domain, a domain, .domain for all below it, or *."));
  if (!is_address && text.find('*') == std::string_view::npos)
    if (auto pattern = normal_access_pattern(AccessWho::Sender, text); pattern && !looks_like_address(*pattern)) return pattern;
  if (direction == Direction::In) return failure("\"" + std::string(text.substr(0, 320)) + "\" is neither a client nor a sender; write an address, a network like 192.0.2.0/24, user@domain, a domain, .domain, <> or *.");
  return failure("\"" + std::string(text.substr(0, 320)) + "\" is no recipient; write user@domain, a domain, .domain for all below it, or *.");
}

Result<std::string, std::string> normal_hours(std::string_view text) {
  std::string out;
  std::size_t spans = 0;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const auto span = parse_span(trimmed(rest.substr(0, comma)));
    if (!span || ++spans > most_spans) return failure("\"" + std::string(text.substr(0, 320)) + "\" names no hours; write such as \"Mon-Fri 08:00-18:00, Sat 09:00-12:00\" or \"daily 22:00-06:00\".");
    out += (out.empty() ? "" : ", ") + print(*span);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return out;
}

TimeOfWeek time_of_week(WallTime now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return {static_cast<unsigned>(local.tm_wday), static_cast<unsigned>(local.tm_hour * 60 + local.tm_min)};
}

bool in_hours(std::string_view hours, TimeOfWeek now) {
  if (hours.empty()) return true;
  for (;;) {
    const auto comma = hours.find(',');
    const auto span = parse_span(trimmed(hours.substr(0, comma)));
    if (span && has_time(*span, now)) return true;
    if (comma == std::string_view::npos) return false;
    hours.remove_prefix(comma + 1);
  }
}

const RuleRow* refusing_sender(const AccountRules& rules, const ReversePath& sender, std::string_view client_address) {
  const auto client = io::IpAddress::parse(client_address);
  for (const auto& row : rules.from) {
    const bool matches = is_of_client(row.who) ? client && matches_client(row.who, *client)
                         : sender.is_null()    ? row.who == "<>" || row.who == "*"
                                               : row.who != "<>" && matches_mail(row.who, sender.address);
    if (matches) return row.may == MayPass::No ? &row : nullptr;
  }
  return nullptr;
}

const RuleRow* refusing_destination(const AccountRules& rules, const Address& recipient) {
  for (const auto& row : rules.to)
    if (matches_mail(row.who, recipient)) return row.may == MayPass::No ? &row : nullptr;
  return nullptr;
}

ParsedRules parse_personal_effect(std::string_view text) {
  ParsedRules parsed;
  each_line(text, [&](std::size_t line, std::string_view row) {
    if (row.starts_with("#<>")) row.remove_prefix(1);  // E-Post's null sender
    else if (row.starts_with("#blank")) return parsed.bad.push_back({line, "\"#blank\" is about what the client says in EHLO, which no account's rule looks at; leave the row out."});
    else if (row.front() == '#') return;
    const auto end = std::ranges::find_if(row, is_space);
    const std::string action(trimmed({end, row.end()}));
    MayPass may = MayPass::Yes;
    if (equal_ignoring_case(action, "false")) may = MayPass::No;
    else if (!action.empty() && !equal_ignoring_case(action, "true"))
      return parsed.bad.push_back({line, "What \"" + action.substr(0, 320) + "\" means in an account's own effect.dat is not known; write true or false."});
    auto who = normal_rule_pattern(Direction::In, {row.begin(), end});
    if (!who) return parsed.bad.push_back({line, std::move(who).error()});
    parsed.rows.push_back({*std::move(who), may});
  });
  return parsed;
}

ParsedRules parse_sender_dat(std::string_view text) {
  ParsedRules parsed;
  std::size_t last = 0;
  each_line(text, [&](std::size_t line, std::string_view row) {
    if (row.front() == '#') return;
    last = line;
    const auto comma = row.find(',');
    const auto action = comma == std::string_view::npos ? std::string_view{} : trimmed(row.substr(comma + 1));
    if (action != "0" && action != "-1") return parsed.bad.push_back({line, "The row has no action that is known; write \"pattern,0\" to allow or \"pattern,-1\" to forbid."});
    auto who = normal_rule_pattern(Direction::Out, trimmed(row.substr(0, comma)));
    if (!who) return parsed.bad.push_back({line, std::move(who).error()});
    parsed.rows.push_back({*std::move(who), action == "0" ? MayPass::Yes : MayPass::No});
  });
  if (const auto line = last; line != 0 && (parsed.rows.empty() || parsed.rows.back().who != "*"))
    parsed.bad.push_back({line, "The table does not end with a row for everybody else, as E-Post's tables need; add \"*,0\" to allow or \"*,-1\" to forbid them."});
  return parsed;
}

ParsedSenders parse_permitfrom(std::string_view text) {
  ParsedSenders parsed;
  each_line(text, [&](std::size_t line, std::string_view row) {
    if (row.front() == '#') return;
    auto pattern = normal_sender_pattern(row);
    if (pattern) parsed.patterns.push_back(*std::move(pattern));
    else parsed.bad.push_back({line, "\"" + std::string(row.substr(0, 320)) + "\" names no sender; write user@domain, *@domain, *@*.domain or <>."});
  });
  return parsed;
}

}  // namespace hikyaku::directory
