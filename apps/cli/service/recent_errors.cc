#include "apps/cli/service/recent_errors.h"

#include <algorithm>
#include <array>
#include <span>
#include <tuple>

#include "apps/cli/log/files.h"
#include "apps/cli/log/forms.h"
#include "apps/cli/service/services_view.h"
#include "apps/service/data_folders.h"
#include "services/telemetry/abuse_events.h"
#include "services/telemetry/events.h"

namespace hikyaku::cli {

namespace {

namespace events = telemetry::events;

constexpr std::size_t most_shown = 10;

// What ends by an event of the same service; `member` names what it is about. `status` tells of the two that are left out by itself.
struct Pair {
  const telemetry::Event& begun;
  const telemetry::Event& over;
  std::string_view member;
};
constexpr std::array<Pair, 7> pairs = {{{events::checker_away, events::checker_back, "text"},
                                        {events::disk_low, events::disk_enough, ""},
                                        {events::signer_away, events::signer_back, ""},
                                        {events::patterns_refused, events::patterns_updated, ""},
                                        {events::patterns_stale, events::patterns_updated, ""},
                                        {events::account_suspended, events::account_released, "account"},
                                        {events::settings_refused, events::settings_reloaded, ""}}};

bool is_told_elsewhere(std::string_view event) { return event == events::server_ended.name || event == events::control_ended.name; }

std::string key_of(const JsonView& line, std::string_view event, std::string_view member) {
  return std::string(event) + '\n' + line.text("service") + '\n' + (member.empty() ? "" : line.text(member));
}

}  // namespace

bool RecentErrors::concerns(std::string_view line) {
  return line.find("\"level\":\"error\"") != std::string_view::npos ||
         std::ranges::any_of(pairs, [&](const Pair& pair) { return line.find('"' + std::string(pair.over.name) + '"') != std::string_view::npos; });
}

void RecentErrors::take(std::string_view text) {
  const auto line = JsonView::parse(text);
  if (!line) return;
  const auto event = line->text("event");
  for (const auto& pair : pairs)
    if (event == pair.over.name)
      if (const auto found = rows_.find(key_of(*line, pair.begun.name, pair.member)); found != rows_.end()) found->second.over = line->text("time");
  if (line->text("level") != "error" || is_told_elsewhere(event)) return;
  const auto* pair = std::ranges::find(pairs, event, [](const Pair& one) { return one.begun.name; });
  auto& row = rows_[key_of(*line, event, pair == pairs.end() ? "" : pair->member)];
  row.event = event, row.service = line->text("service"), row.last = text;
  ++row.count;
  row.over.clear();
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
    out += std::string(out.size() > 1 ? "," : "") + R"({"event":")" + row.event + R"(","service":")" + row.service + R"(","count":)" + std::to_string(row.count);
    if (!row.over.empty()) out += R"(,"over_since":")" + row.over + '"';
    out += ",\"last\":" + row.last + "}";
  }
  return out + "]";
}

}  // namespace hikyaku::cli
