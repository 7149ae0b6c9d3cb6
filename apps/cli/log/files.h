// Reading the log files of all services as one stream in the order of time: log/<service>/<log>/<day>.<service>.jsonl, and
// log/<log>/<day>.<service>.jsonl, where they stood before services had folders of their own. Files are in that order by themselves, so
// they are merged line by line: memory does not depend on their size.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/terminal/json_view.h"
#include "base/clock.h"

namespace hikyaku::cli {

struct LogSelection {
  std::string folder;               // <data>/log
  std::vector<std::string> logs;    // folder names; empty: all
  std::string service;              // only this writer's; empty: all
  std::string first_day, last_day;  // "2026-11-22", both included; empty: no limit
  std::string since, until;         // stamps of the first and the last line to be read; empty: no limit
};

struct LogLine {
  std::string_view text;  // the JSON, without LF
  std::string_view time;  // its stamp
};

// From then on, and until then; nothing: no limit.
void select_times(LogSelection& selection, std::optional<WallTime> since, std::optional<WallTime> until);

// The stamp at the start of a line, or nothing for one that is damaged.
[[nodiscard]] std::string_view line_time(std::string_view line);
// The paths of what is selected, by day.
[[nodiscard]] std::map<std::string, std::vector<std::string>> selected_files(const LogSelection& selection);
// Each line, oldest first; stops when `visit` says false. Lines without a stamp are passed over.
void for_each_line(const LogSelection& selection, const std::function<bool(const LogLine&)>& visit);

}  // namespace hikyaku::cli
