#include "apps/cli/log/follow.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

namespace fs = std::filesystem;

// path -> octets already shown
using Places = std::map<std::string, std::uintmax_t>;

std::vector<std::string> files_of_today(LogSelection selection) {
  const SystemClock clock;
  selection.first_day = selection.last_day = telemetry::day_text(clock.wall());
  return selected_files(selection)[selection.first_day];
}

// The whole lines after `place`.
void new_lines(const std::string& path, std::uintmax_t& place, std::vector<std::string>& lines) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(place));
  for (std::string line; std::getline(in, line) && !in.eof();) {
    place += line.size() + 1;
    if (!line_time(line).empty()) lines.push_back(std::move(line));
  }
}

}  // namespace

void follow_logs(const LogSelection& selection, const std::function<void(std::string_view)>& visit) {
  Places places;
  std::error_code problem;
  for (const auto& path : files_of_today(selection)) places[path] = fs::file_size(path, problem);
  for (;;) {
    std::fflush(stdout);
    usleep(250'000);
    std::vector<std::string> lines;
    for (const auto& path : files_of_today(selection)) new_lines(path, places[path], lines);
    std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return line_time(a) < line_time(b); });
    for (const auto& line : lines) visit(line);
  }
}

}  // namespace hikyaku::cli
