#include "apps/cli/log/files.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

namespace fs = std::filesystem;

struct OpenFile {
  std::ifstream in;
  std::string line, time;
  // False at the end.
  bool next() {
    while (std::getline(in, line)) {
      time = line_time(line);
      if (!time.empty()) return true;
    }
    return false;
  }
};

// "<day>.<service>.jsonl"
bool is_selected(const std::string& name, const LogSelection& selection) {
  if (name.size() < 18 || !name.ends_with(".jsonl") || name[10] != '.') return false;
  const std::string day = name.substr(0, 10), service = name.substr(11, name.size() - 17);
  return (selection.service.empty() || service == selection.service || service.starts_with(selection.service + "-")) &&
         (selection.first_day.empty() || day >= selection.first_day) && (selection.last_day.empty() || day <= selection.last_day);
}

// The folders of one log, or of all, in both layouts.
std::vector<fs::path> log_folders(const LogSelection& selection) {
  std::vector<fs::path> folders;
  const auto consider = [&](const fs::path& folder) {
    const auto& logs = selection.logs;
    if (logs.empty() || std::find(logs.begin(), logs.end(), folder.filename().string()) != logs.end()) folders.push_back(folder);
  };
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator(selection.folder, problem)) {
    consider(entry.path());
    for (const auto& inner : fs::directory_iterator(entry.path(), problem))
      if (inner.is_directory(problem)) consider(inner.path());
  }
  return folders;
}

std::string_view zone_of(std::string_view stamp) { return stamp.substr(stamp.size() - std::min<std::size_t>(stamp.size(), 6)); }  // "+09:00"

// Of two stamps; texts of one time zone are in the order of time.
bool is_before(std::string_view one, std::string_view other) {
  if (zone_of(one) == zone_of(other)) return one < other;
  const auto first = telemetry::parse_stamp(one), second = telemetry::parse_stamp(other);
  return first && second ? *first < *second : one < other;
}

// Of a day beside those that are asked for, a file has something only where its time zone is not ours.
bool may_have_some(const LogSelection& selection, const std::string& day, std::string_view first_line) {
  const std::string& limit = selection.since.empty() ? selection.until : selection.since;
  if (limit.empty() || zone_of(limit) != zone_of(first_line)) return true;
  return (selection.since.empty() || day >= selection.since.substr(0, 10)) && (selection.until.empty() || day <= selection.until.substr(0, 10));
}

}  // namespace

std::map<std::string, std::vector<std::string>> selected_files(const LogSelection& selection) {
  std::map<std::string, std::vector<std::string>> files;
  std::error_code problem;
  for (const auto& folder : log_folders(selection))
    for (const auto& file : fs::directory_iterator(folder, problem))
      if (const std::string name = file.path().filename().string(); is_selected(name, selection)) files[name.substr(0, 10)].push_back(file.path().string());
  return files;
}

void select_times(LogSelection& selection, std::optional<WallTime> since, std::optional<WallTime> until) {
  // Files are named by the server's days, which begin at another time where its time zone is not ours.
  constexpr std::chrono::days zones_apart{1};
  if (since) selection.since = telemetry::stamp_text(*since), selection.first_day = telemetry::day_text(*since - zones_apart);
  if (until) selection.until = telemetry::stamp_text(*until), selection.last_day = telemetry::day_text(*until + zones_apart);
}

std::string_view line_time(std::string_view line) {
  constexpr std::string_view before = "{\"time\":\"";
  constexpr std::size_t stamp = 32;  // 2026-11-30T08:20:44.123456+09:00
  if (!line.starts_with(before) || line.size() < before.size() + stamp + 2 || !line.ends_with('}')) return {};
  return line.substr(before.size(), stamp);
}

void for_each_line(const LogSelection& selection, const std::function<bool(const LogLine&)>& visit) {
  for (const auto& [day, paths] : selected_files(selection)) {
    std::vector<std::unique_ptr<OpenFile>> open;
    const auto later = [&](const std::unique_ptr<OpenFile>& a, const std::unique_ptr<OpenFile>& b) { return a->time > b->time; };
    for (const auto& path : paths) {
      auto file = std::make_unique<OpenFile>();
      file->in.open(path, std::ios::binary);
      if (file->next() && may_have_some(selection, day, file->time)) open.push_back(std::move(file));
    }
    std::make_heap(open.begin(), open.end(), later);
    while (!open.empty()) {
      std::pop_heap(open.begin(), open.end(), later);
      auto& file = open.back();
      const bool wanted = (selection.since.empty() || !is_before(file->time, selection.since)) && (selection.until.empty() || !is_before(selection.until, file->time));
      if (wanted && !visit({file->line, file->time})) return;
      if (file->next()) std::push_heap(open.begin(), open.end(), later);
      else open.pop_back();
    }
  }
}

}  // namespace hikyaku::cli
