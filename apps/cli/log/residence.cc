// hikyaku log residence: how long mail stayed here, from its 250 to its delivery.
#include <cstdio>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/log/arguments.h"
#include "apps/cli/log/files.h"
#include "apps/cli/terminal/listing.h"
#include "apps/service/data_folders.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using Milliseconds = std::uint64_t;

constexpr std::chrono::hours longest_stay{144};  // what was delivered may have been accepted so long before

struct Cell {
  std::string hour, destination;
  std::vector<Milliseconds> took;
};

std::string destination_of(const JsonView& line) {
  if (line.text("event") == "mail.delivered") return "local";
  if (const auto given = line.text("destination"); !given.empty()) return given;
  const auto recipient = line.text("recipient");
  return recipient.substr(recipient.rfind('@') + 1);
}

std::optional<Milliseconds> stayed(const JsonView& line, const std::unordered_map<std::string, WallTime>& accepted) {
  const auto end = telemetry::parse_stamp(line.text("time"));
  auto begin = telemetry::parse_stamp(line.text("accepted_at"));
  if (!begin)
    if (const auto found = accepted.find(line.text("message")); found != accepted.end()) begin = found->second;
  if (!begin || !end || *end < *begin) return std::nullopt;
  return static_cast<Milliseconds>(std::chrono::duration_cast<std::chrono::milliseconds>(*end - *begin).count());
}

// Of what ended from `since`, a stamp, on.
std::vector<Cell> collect(const LogSelection& selection, std::string_view since) {
  std::unordered_map<std::string, WallTime> accepted;
  std::map<std::pair<std::string, std::string>, Cell> cells;
  for_each_line(selection, [&](const LogLine& text) {
    const bool in = text.text.find("\"event\":\"mail.accepted\"") != std::string_view::npos;
    const bool out = text.text.find("\"event\":\"mail.sent\"") != std::string_view::npos || text.text.find("\"event\":\"mail.delivered\"") != std::string_view::npos;
    if (!in && (!out || text.time < since)) return true;
    const auto line = JsonView::parse(text.text);
    if (!line) return true;
    if (in) {
      if (const auto when = telemetry::parse_stamp(line->text("time"))) accepted[line->text("message")] = *when;
    } else if (const auto took = stayed(*line, accepted)) {
      const std::string hour = std::string(text.time.substr(0, 10)) + " " + std::string(text.time.substr(11, 2));
      auto& cell = cells[{hour, destination_of(*line)}];
      cell.hour = hour, cell.destination = destination_of(*line);
      cell.took.push_back(*took);
    }
    return true;
  });
  std::vector<Cell> out;
  for (auto& [key, cell] : cells) std::sort(cell.took.begin(), cell.took.end()), out.push_back(std::move(cell));
  std::sort(out.begin(), out.end(), [](const Cell& a, const Cell& b) { return std::tie(b.took.back(), a.hour, a.destination) < std::tie(a.took.back(), b.hour, b.destination); });
  return out;
}

Milliseconds quantile(const std::vector<Milliseconds>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1) + 0.5)];
}

std::string seconds(Milliseconds milliseconds) {
  char text[40];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(milliseconds) / 1'000);
  return text;
}

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  LogSelection selection{.folder = apps::folder::in(settings->node.data(), apps::folder::log), .logs = {"inlog", "outlog", "outlocallog"}};
  if (!may_look_into(call, selection.folder)) return Exit::Failed;
  const auto now = SystemClock{}.wall();
  const auto asked = asked_time(call, now);
  const auto since = asked.since.value_or(begin_of_day(asked.until.value_or(now)));
  select_times(selection, since - longest_stay, asked.until);
  Listing listing(call, {{"HOUR", "時"}, {"DESTINATION", "宛先"}, {"MAIL", "通数"}, {"p50", "p50"}, {"p99", "p99"}, {"LONGEST", "最長"}});
  for (const auto& cell : collect(selection, telemetry::stamp_text(since))) {
    const auto p50 = quantile(cell.took, 0.5), p99 = quantile(cell.took, 0.99);
    listing.json().object().member("hour", cell.hour).member("destination", cell.destination).member("mail", cell.took.size());
    listing.json().member("p50_ms", p50).member("p99_ms", p99).member("max_ms", cell.took.back()).end_object();
    listing.row({cell.hour, cell.destination, std::to_string(cell.took.size()), seconds(p50), seconds(p99), seconds(cell.took.back())});
  }
  listing.print();
  return Exit::Done;
}

}  // namespace

Command log_residence_command() {
  return {.name = "log residence",
          .help = {"how long mail stayed here, by hour and destination, slowest first", "メールの滞留時間を時間帯と宛先ごとに、遅い順で示す"},
          .options = log_time_options(),
          .run = run};
}

}  // namespace hikyaku::cli
