#include "services/delivery/schedule/retry_table.h"

#include <algorithm>

#include "base/cursor.h"
#include "services/directory/route_table.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t longest_line = 1'000;

std::vector<FailureClass> classes_of(std::string_view name) {
  std::vector<FailureClass> classes;
  for (std::size_t n = 0; n < failure_classes; ++n) {
    const auto failure = static_cast<FailureClass>(n);
    if (name == "*" || (name == "unanswered" && is_silence(failure)) || class_name(failure) == name) classes.push_back(failure);
  }
  return classes;
}

// "90s", "5m", "8h", "5d", several in a row ("1h30m"); between a second and 100 days.
std::optional<Duration> duration_of(std::string_view text) {
  Cursor in(text);
  std::uint64_t total = 0;
  while (!in.at_end()) {
    const auto digits = in.take_while(is_digit);
    if (digits.empty() || digits.size() > 7) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : digits) value = value * 10 + static_cast<std::uint64_t>(c - '0');
    const char unit = in.next();
    const std::uint64_t seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3'600 : unit == 'd' ? 86'400 : 0;
    if (seconds == 0) return std::nullopt;
    total += value * seconds;
    if (total > 8'640'000) return std::nullopt;
  }
  if (total == 0) return std::nullopt;
  return std::chrono::seconds{total};
}

std::optional<std::uint32_t> count_of(std::string_view text) {
  if (text.empty() || text.size() > 6 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::uint32_t>(c - '0');
  return value == 0 ? std::nullopt : std::optional(value);
}

bool take_setting(RuleChange& change, std::string_view key, std::string_view value) {
  if (key == "attempts") return (change.attempts = count_of(value)).has_value();
  if (key == "period") return (change.period = duration_of(value)).has_value();
  if (key == "interval") return (change.interval = duration_of(value)).has_value();
  if (key == "longest") return (change.longest_interval = duration_of(value)).has_value();
  if (key != "growth" || (value != "growing" && value != "constant")) return false;
  change.growth = value == "growing" ? Growth::Doubling : Growth::Constant;
  return true;
}

std::string_view take_word(Cursor& in) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  in.take_while(blank);
  return in.take_while([&](char c) { return !blank(c); });
}

// The hosts of a key: "mx:a,b", "mx:a,b;terms" or "host:gw1:25 gw2:25;terms". `visit` returns true to end.
template <class Visit>
bool any_host(std::string_view key, Visit visit) {
  const bool routed = key.starts_with("host:");
  key.remove_prefix(routed ? 5 : key.starts_with("mx:") ? 3 : 0);
  key = key.substr(0, key.find(';'));
  while (!key.empty()) {
    const auto end = std::min(key.find(routed ? ' ' : ','), key.size());
    if (visit(key.substr(0, end))) return true;
    key.remove_prefix(std::min(end + 1, key.size()));
  }
  return false;
}

bool same_host_or_pattern(std::string_view pattern, std::string_view name) {
  return !name.empty() && directory::matches_pattern(pattern, name);
}

// "gw.example:25" without its port; a port written in the pattern counts.
bool matches_host(std::string_view pattern, std::string_view host) {
  if (same_host_or_pattern(pattern, host)) return true;
  const auto colon = host.rfind(':');
  return colon != std::string_view::npos && same_host_or_pattern(pattern, host.substr(0, colon));
}

}  // namespace

Result<RetryRow, std::string> parse_retry_row(std::string_view line) {
  if (line.size() > longest_line) return failure(std::string("a row has at most 1000 octets."));
  RetryRow row;
  row.text = line;
  Cursor in(line);
  std::string_view selector = take_word(in);
  row.via = selector.starts_with("via:");
  if (row.via) selector.remove_prefix(4);
  if (selector.empty()) return failure(std::string("a row begins with a domain, a host or \"via:HOST\": write \"*.example.jp unanswered period=48h\"."));
  row.pattern = selector;
  const auto name = take_word(in);
  row.classes = classes_of(name);
  if (row.classes.empty())
    return failure("\"" + std::string(name) + "\" is no class: write *, unanswered, refused, transient, greylisted, timeout, connection-refused, "
                   "unreachable, line-cut, no-dns-answer, no-answer, tls, name, policy or policy-refused.");
  std::size_t said = 0;
  for (auto word = take_word(in); !word.empty(); word = take_word(in), ++said) {
    const auto equals = word.find('=');
    if (equals == std::string_view::npos || !take_setting(row.change, word.substr(0, equals), word.substr(equals + 1)))
      return failure("\"" + std::string(word) + "\" is no setting of a rule: write attempts=9, period=48h, interval=5m, longest=4h or growth=constant.");
  }
  if (said == 0) return failure(std::string("the row changes nothing: add attempts=, period=, interval=, longest= or growth=."));
  return row;
}

Result<LimitRow, std::string> parse_limit_row(std::string_view line) {
  if (line.size() > longest_line) return failure(std::string("a row has at most 1000 octets."));
  Cursor in(line);
  std::string_view selector = take_word(in);
  const bool via = selector.starts_with("via:");
  if (via) selector.remove_prefix(4);
  const auto connections = count_of(take_word(in));
  if (selector.empty() || !connections || !take_word(in).empty())
    return failure("\"" + std::string(line) + "\" is no limit: write \"*.example.jp 5\" or \"via:gw.example 10\".");
  return LimitRow{via, std::string(selector), *connections};
}

bool selects(Selects kind, std::string_view pattern, std::string_view domain, std::string_view key) {
  const bool routed = key.starts_with("host:");
  const auto is_one = [&](std::string_view host) { return routed ? matches_host(pattern, host) : same_host_or_pattern(pattern, host); };
  if (kind == Selects::Route) return routed && any_host(key, is_one);
  return same_host_or_pattern(pattern, domain) || any_host(key, is_one);
}

std::vector<const RetryRow*> RetryTable::rows_for(FailureClass failure, std::string_view domain, std::string_view key) const {
  std::vector<const RetryRow*> found;
  for (const auto& row : rows)
    if (std::ranges::find(row.classes, failure) != row.classes.end() &&
        selects(row.via ? Selects::Route : Selects::Destination, row.pattern, domain, key))
      found.push_back(&row);
  return found;
}

RetryRules RetryTable::rules_for(std::string_view domain, std::string_view key) const {
  RetryRules rules = base;
  for (const auto& row : rows) {
    if (!selects(row.via ? Selects::Route : Selects::Destination, row.pattern, domain, key)) continue;
    for (const auto failure : row.classes) {
      auto& change = rules.changes[static_cast<std::size_t>(failure)];
      const auto fill = [](auto& into, const auto& from) { if (!into) into = from; };
      fill(change.attempts, row.change.attempts);
      fill(change.period, row.change.period);
      fill(change.interval, row.change.interval);
      fill(change.longest_interval, row.change.longest_interval);
      fill(change.growth, row.change.growth);
    }
  }
  return rules;
}

}  // namespace hikyaku::delivery
