#include "services/subscriptions/subscription.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/cursor.h"
#include "services/http_client/client.h"

namespace hikyaku::subscriptions {
namespace {

using directory::AccessRow;

constexpr std::string_view heading = "hikyaku-subscription 1", state_heading = "hikyaku-subscription-state 1";
constexpr std::uint64_t latest_second = 253'402'300'799;
constexpr std::size_t longest_from = 2'000, longest_reason = 500, unasked_rows = 10;

using Words = std::map<std::string, std::string, std::less<>>;

std::string line(std::string_view word, std::string_view value) {
  std::string text(word);
  text += '\t';
  for (const char c : value.substr(0, longest_from)) text += is_ctl(c) ? ' ' : c;
  return text + '\n';
}
std::string line(std::string_view word, WallTime time) { return line(word, std::to_string(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()))); }

Words words_of(std::string_view text) {
  Words words;
  while (!text.empty() && words.size() < 50) {
    const auto one = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    if (const auto tab = one.find('\t'); tab != std::string_view::npos) words[std::string(one.substr(0, tab))] = one.substr(tab + 1);
  }
  return words;
}

std::string value_of(const Words& words, std::string_view word) {
  const auto found = words.find(word);
  return found == words.end() ? std::string{} : found->second;
}

std::optional<std::uint64_t> number_of(const Words& words, std::string_view word) {
  const auto text = value_of(words, word);
  Cursor in(text);
  const auto number = parse_number(in, latest_second);
  return number && in.at_end() ? std::optional(*number) : std::nullopt;
}

WallTime time_of(const Words& words, std::string_view word) { return WallTime{std::chrono::seconds(number_of(words, word).value_or(0))}; }

std::pair<directory::AccessWho, std::string_view> place_of(const AccessRow& row) { return {row.who, row.pattern}; }

}  // namespace

bool is_name(std::string_view name) {
  const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; };
  return !name.empty() && name.size() <= 64 && name.front() != '.' && std::ranges::all_of(name, fits) && name != directory::operator_source && name != "refusals";
}

bool is_url(std::string_view from) { return from.starts_with("https://"); }

std::string why_no_subscription(const Subscription& subscription) {
  if (!is_name(subscription.name)) return "A subscription's name has letters, digits, \".\", \"-\" and \"_\" and is not a source that is taken.";
  if (subscription.from.size() > longest_from || std::ranges::any_of(subscription.from, is_ctl)) return "The place of the list is too long, or has control characters.";
  if (is_url(subscription.from) ? !http::https_request_to(subscription.from) : !subscription.from.starts_with('/')) return "A list is followed by an https URL or an absolute path.";
  if (subscription.every < shortest_every || subscription.every > longest_every) return "A list is refreshed every 5 minutes at most and every 31 days at least.";
  return {};
}

std::string print(const Subscription& subscription) {
  return std::string(heading) + '\n' + line("name", subscription.name) + line("from", subscription.from) + line("who", directory::who_name(subscription.who)) + line("action", directory::access_name(subscription.action)) +
         line("names", subscription.names == directory::Names::AndBelow ? "below" : "themselves") + line("every", std::to_string(subscription.every.count())) + line("added", subscription.added);
}

std::optional<Subscription> parse_subscription(std::string_view text) {
  if (!text.starts_with(heading)) return std::nullopt;
  const auto words = words_of(text);
  Subscription read{.name = value_of(words, "name"), .from = value_of(words, "from")};
  const auto who = directory::parse_who(value_of(words, "who"));
  const auto action = directory::parse_access(value_of(words, "action"));
  const auto every = number_of(words, "every");
  if (!who || !action || !every) return std::nullopt;
  read.who = *who, read.action = *action, read.every = std::chrono::seconds(*every), read.added = time_of(words, "added");
  read.names = value_of(words, "names") == "below" ? directory::Names::AndBelow : directory::Names::Themselves;
  return why_no_subscription(read).empty() ? std::optional(read) : std::nullopt;
}

std::string print(const State& state) {
  return std::string(state_heading) + '\n' + line("tried", state.tried) + line("fetched", state.fetched) + line("changed", state.changed) + line("rows", std::to_string(state.rows)) + line("bad", std::to_string(state.bad)) +
         line("waits", std::string_view(state.waits).substr(0, longest_reason));
}

State parse_state(std::string_view text) {
  if (!text.starts_with(state_heading)) return {};
  const auto words = words_of(text);
  return {.tried = time_of(words, "tried"), .fetched = time_of(words, "fetched"), .changed = time_of(words, "changed"), .rows = number_of(words, "rows").value_or(0), .bad = number_of(words, "bad").value_or(0),
          .waits = value_of(words, "waits").substr(0, longest_reason)};
}

directory::ParsedAccess rows_of(const Subscription& subscription, std::string_view text, WallTime now) {
  const AccessRow base{.who = subscription.who, .action = subscription.action, .source = subscription.name, .added = std::chrono::floor<std::chrono::seconds>(now)};
  auto parsed = directory::parse_access_list(text, base, subscription.names);
  directory::ParsedAccess kept{.bad = std::move(parsed.bad)};
  for (std::size_t n = 0; n < parsed.rows.size(); ++n) {
    auto& row = parsed.rows[n];
    if (row.who != subscription.who || row.action != subscription.action) {
      kept.bad.push_back({parsed.lines[n], row.pattern + ": the list is followed for rows of another kind"});
      continue;
    }
    row.source = subscription.name, row.note.clear(), row.expires = WallTime::max(), row.added = base.added;
    kept.rows.push_back(std::move(row));
    kept.lines.push_back(parsed.lines[n]);
  }
  return kept;
}

Difference difference(const std::vector<AccessRow>& former, const std::vector<AccessRow>& fetched) {
  const auto sorted = [](std::vector<AccessRow> rows) {
    std::ranges::sort(rows, {}, place_of);
    const auto twice = std::ranges::unique(rows, {}, place_of);
    rows.erase(twice.begin(), twice.end());
    return rows;
  };
  const auto before = sorted(former), after = sorted(fetched);
  Difference change;
  std::ranges::set_difference(after, before, std::back_inserter(change.added), {}, place_of, place_of);
  std::ranges::set_difference(before, after, std::back_inserter(change.removed), {}, place_of, place_of);
  change.same = after.size() - change.added.size();
  return change;
}

bool is_large(const Difference& change, std::size_t former, int percent) {
  if (change.empty()) return false;
  if (former > 0 && change.removed.size() == former) return true;
  const auto rows = change.added.size() + change.removed.size();
  return rows > unasked_rows && rows * 100 > former * static_cast<std::size_t>(percent);
}

}  // namespace hikyaku::subscriptions
