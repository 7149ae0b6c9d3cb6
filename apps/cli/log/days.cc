// hikyaku log days: what each day brought, against what is usual for its weekday.
#include <array>
#include <cstdio>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/log/files.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/value.h"
#include "apps/service/data_folders.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

// What is counted, and the event that counts it.
struct Column {
  std::string_view name, event;
  Words head;
};
constexpr std::array<Column, 6> columns = {{{"accepted", "mail.accepted", {"ACCEPTED", "受信"}},
                                            {"delivered", "mail.delivered", {"DELIVERED", "ローカル配送"}},
                                            {"sent", "mail.sent", {"SENT", "送信"}},
                                            {"failed", "mail.failed", {"FAILED", "失敗"}},
                                            {"deferred", "delivery.deferred", {"DEFERRED", "再送待ち"}},
                                            {"refused", "recipient.refused", {"REFUSED", "拒否"}}}};
constexpr std::size_t weeks_for_usual = 8;
constexpr std::uint64_t most_days = 3'660;  // ten years of logs

struct Day {
  std::array<std::uint64_t, columns.size()> counts{};
  std::uint64_t octets = 0;  // accepted
};

std::map<std::string, Day> collect(const LogSelection& selection) {
  std::map<std::string, Day> days;
  for_each_line(selection, [&](const LogLine& text) {
    auto& day = days[std::string(text.time.substr(0, 10))];
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (text.text.find("\"event\":\"" + std::string(columns[i].event) + "\"") == std::string_view::npos) continue;
      ++day.counts[i];
      if (i != 0) break;
      if (const auto at = text.text.find("\"octets\":"); at != std::string_view::npos) day.octets += std::strtoull(text.text.data() + at + 9, nullptr, 10);
      break;
    }
    return true;
  });
  return days;
}

std::string days_before(const std::string& day, int days) {
  const auto noon = telemetry::parse_stamp(day + "T12:00:00.000000+00:00");
  return noon ? telemetry::day_text(*noon - std::chrono::hours{24} * days) : day;
}

// The median of the same weekday in the weeks before; nothing without two of them.
template <class Value>
std::optional<std::uint64_t> usual(const std::map<std::string, Day>& days, const std::string& day, Value value) {
  std::vector<std::uint64_t> before;
  for (std::size_t week = 1; week <= weeks_for_usual; ++week)
    if (const auto found = days.find(days_before(day, static_cast<int>(7 * week))); found != days.end()) before.push_back(value(found->second));
  if (before.size() < 2) return std::nullopt;
  std::sort(before.begin(), before.end());
  return before[before.size() / 2];
}

// "1200 (+20 %)"
std::string compared(std::uint64_t value, std::optional<std::uint64_t> normal) {
  std::string out = std::to_string(value);
  if (!normal || *normal == 0) return out;
  char text[32];
  std::snprintf(text, sizeof text, " (%+.0f %%)", (static_cast<double>(value) / static_cast<double>(*normal) - 1) * 100);
  return out + text;
}

std::string weekday(const std::string& day, const Invocation& call) {
  const auto noon = telemetry::parse_stamp(day + "T12:00:00.000000+00:00");
  if (!noon) return "";
  static constexpr std::array<Words, 7> names = {{{"Sun", "日"}, {"Mon", "月"}, {"Tue", "火"}, {"Wed", "水"}, {"Thu", "木"}, {"Fri", "金"}, {"Sat", "土"}}};
  return std::string(call.say(names[std::chrono::weekday(std::chrono::floor<std::chrono::days>(*noon)).c_encoding()]));
}

void add_row(Listing& listing, const Invocation& call, const std::map<std::string, Day>& days, const std::string& name) {
  const auto found = days.find(name);
  const Day day = found == days.end() ? Day{} : found->second;
  std::vector<std::string> row = {name + " " + weekday(name, call)};
  auto& json = listing.json();
  json.object().member("day", name);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto normal = usual(days, name, [i](const Day& other) { return other.counts[i]; });
    row.push_back(compared(day.counts[i], normal));
    json.member(columns[i].name, day.counts[i]);
    if (normal) json.member("usual_" + std::string(columns[i].name), *normal);
  }
  const auto normal = usual(days, name, [](const Day& other) { return other.octets; });
  row.push_back(compared(day.octets, normal));
  json.member("octets", day.octets);
  if (normal) json.member("usual_octets", *normal);
  json.end_object();
  listing.row(std::move(row));
}

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  const int shown = static_cast<int>(count_of(call, "--days", 14));
  const SystemClock clock;
  const std::string today = telemetry::day_text(clock.wall());
  LogSelection selection{.folder = apps::folder::in(settings->node.data(), apps::folder::log),
                         .logs = {"inlog", "outlog", "outlocallog", "faillog", "senderlog", "receivelog"}};
  if (!may_look_into(call, selection.folder)) return Exit::Failed;
  selection.first_day = days_before(today, shown + 7 * static_cast<int>(weeks_for_usual));
  const auto days = collect(selection);
  std::vector<Words> headings = {{"DAY", "日"}};
  for (const auto& column : columns) headings.push_back(column.head);
  headings.push_back({"OCTETS", "受信オクテット"});
  Listing listing(call, headings);
  for (int back = 0; back < shown; ++back) add_row(listing, call, days, days_before(today, back));
  listing.print();
  if (!call.json) call.print(call.say({"In brackets: against the median of the same weekday in up to 8 weeks before.", "括弧内は、過去最大 8 週の同じ曜日の中央値との比較。"}));
  return Exit::Done;
}

}  // namespace

Command log_days_command() {
  return {.name = "log days",
          .help = {"events and octets of each day, against what is usual for its weekday", "日ごとの件数とオクテット数を、同じ曜日の平常値と比べる"},
          .options = {count_option("--days", 1, most_days, {"how many days back; default: 14", "何日前まで。省略時は 14"})},
          .run = run};
}

}  // namespace hikyaku::cli
