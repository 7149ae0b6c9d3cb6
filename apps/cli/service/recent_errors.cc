#include "apps/cli/service/recent_errors.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <tuple>

#include "apps/cli/log/files.h"
#include "apps/cli/log/forms.h"
#include "apps/cli/service/services_view.h"
#include "apps/service/data_folders.h"
#include "services/telemetry/abuse_events.h"
#include "services/telemetry/events.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

namespace events = telemetry::events;

constexpr std::size_t most_shown = 10;

// What has an end of its own, whoever tells it; `member` names what it is about.
struct Pair {
  const telemetry::Event& begun;
  const telemetry::Event& over;
  std::string_view member;
  enum class Known : std::uint8_t { ByTheService, ForGood } known;  // a service that is started anew knows of no trouble, and tells it again
};
constexpr std::array<Pair, 7> pairs = {{{events::checker_away, events::checker_back, "text", Pair::Known::ByTheService},
                                        {events::disk_low, events::disk_enough, "", Pair::Known::ByTheService},
                                        {events::signer_away, events::signer_back, "", Pair::Known::ByTheService},
                                        {events::patterns_refused, events::patterns_updated, "", Pair::Known::ForGood},
                                        {events::patterns_stale, events::patterns_updated, "", Pair::Known::ByTheService},
                                        {events::account_suspended, events::account_released, "account", Pair::Known::ForGood},
                                        {events::settings_refused, events::settings_reloaded, "", Pair::Known::ByTheService}}};

const Pair* pair_of(std::string_view event) {
  const auto* found = std::ranges::find(pairs, event, [](const Pair& one) { return one.begun.name; });
  return found == pairs.end() ? nullptr : found;
}

// `status` tells of these by itself.
bool is_told_elsewhere(std::string_view event) { return event == events::server_ended.name || event == events::control_ended.name; }

std::string key_of(const JsonView& line, std::string_view event, const Pair* pair) {
  const auto about = pair == nullptr ? line.text("service") : pair->member.empty() ? std::string{} : line.text(pair->member);
  return std::string(event) + '\n' + about;
}

// As they stand in a line.
const std::vector<std::string>& needles() {
  static const auto all = [] {
    std::vector<std::string> words = {"\"level\":\"error\"", '"' + std::string(events::service_started.name) + '"', '"' + std::string(events::log_suppressed.name) + '"'};
    for (const auto& pair : pairs) words.push_back('"' + std::string(pair.over.name) + '"');
    return words;
  }();
  return all;
}

}  // namespace

bool RecentErrors::concerns(std::string_view line) {
  return std::ranges::any_of(needles(), [&](const std::string& needle) { return line.find(needle) != std::string_view::npos; });
}

void RecentErrors::take(std::string_view text) {
  const auto line = JsonView::parse(text);
  if (!line) return;
  const auto event = line->text("event");
  note_end(*line, event);
  if (event == events::log_suppressed.name)
    for (auto& [key, row] : rows_)
      if (row.event == line->text("text") && row.service == line->text("service")) row.count += line->number("count");
  if (line->text("level") != "error" || is_told_elsewhere(event)) return;
  auto& row = rows_[key_of(*line, event, pair_of(event))];
  row.event = event, row.service = line->text("service"), row.last = text;
  ++row.count;
  row.over.clear();
}

void RecentErrors::note_end(const JsonView& line, std::string_view event) {
  for (const auto& pair : pairs)
    if (event == pair.over.name)
      if (const auto found = rows_.find(key_of(line, pair.begun.name, &pair)); found != rows_.end()) found->second.over = line.text("time");
  if (event != events::service_started.name) return;
  for (auto& [key, row] : rows_)
    if (const auto* pair = pair_of(row.event); pair != nullptr && pair->known == Pair::Known::ByTheService && row.service == line.text("service") && row.over.empty())
      row.over = line.text("time");
}

std::vector<RecentErrors::Row> RecentErrors::rows() const {
  std::vector<Row> all;
  for (const auto& [key, row] : rows_) all.push_back(row);
  std::ranges::sort(all, [](const Row& one, const Row& other) {
    return std::tuple(!one.over.empty(), line_time(other.last), std::string_view(one.event)) < std::tuple(!other.over.empty(), line_time(one.last), std::string_view(other.event));
  });
  return all;
}

std::vector<RecentErrors::Row> recent_errors(const std::string& data_folder, WallTime now) {
  LogSelection selection{.folder = apps::folder::in(data_folder, apps::folder::log), .logs = {std::string(telemetry::log_folder_name(telemetry::LogName::ServiceLog))}};
  select_times(selection, now - std::chrono::hours{24}, std::nullopt);
  RecentErrors errors;
  for_each_line(selection, [&](const LogLine& line) {
    if (RecentErrors::concerns(line.text)) errors.take(line.text);
    return true;
  });
  return errors.rows();
}

void print_errors(const Invocation& call, const std::vector<RecentErrors::Row>& rows) {
  if (rows.empty()) return;
  call.print(call.say({"Errors of the last 24 hours (all: hikyaku log --level error --since 24h):", "直近 24 時間のエラー(すべて: hikyaku log --level error --since 24h):"}));
  for (const auto& row : std::span(rows).first(std::min(rows.size(), most_shown))) {
    const auto line = JsonView::parse(row.last);
    if (!line) continue;
    std::string text = "  " + human_form(*line, call.language);
    if (row.count > 1) text += call.language == Language::Japanese ? " (" + std::to_string(row.count) + " 回。これが最後)" : " (" + std::to_string(row.count) + " times, this was the last)";
    if (!row.over.empty()) text += call.language == Language::Japanese ? " [解消 " + short_stamp(row.over) + "]" : " [over since " + short_stamp(row.over) + "]";
    call.print(text);
  }
  if (rows.size() > most_shown)
    call.print(call.language == Language::Japanese ? "  ほか " + std::to_string(rows.size() - most_shown) + " 種類" : "  and " + std::to_string(rows.size() - most_shown) + " kinds more");
}

std::string errors_json(const std::vector<RecentErrors::Row>& rows) {
  std::string out = "[";
  for (const auto& row : rows) {
    telemetry::JsonWriter json;
    json.object().member("event", row.event).member("service", row.service).member("count", row.count);
    if (!row.over.empty()) json.member("over_since", row.over);
    auto one = json.end_object().take();
    one.pop_back();
    out += std::string(out.size() > 1 ? "," : "") + one + ",\"last\":" + row.last + "}";
  }
  return out + "]";
}

}  // namespace hikyaku::cli
