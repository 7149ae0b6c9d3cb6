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
  if (since) selection.since = telemetry::stamp_text(*since), selection.first_day = selection.since.substr(0, 10);
  if (until) selection.until = telemetry::stamp_text(*until), selection.last_day = selection.until.substr(0, 10);
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
      if (file->next()) open.push_back(std::move(file));
    }
    std::make_heap(open.begin(), open.end(), later);
    while (!open.empty()) {
      std::pop_heap(open.begin(), open.end(), later);
      auto& file = open.back();
      const bool wanted = file->time >= selection.since && (selection.until.empty() || file->time <= selection.until);
      if (wanted && !visit({file->line, file->time})) return;
      if (file->next()) std::push_heap(open.begin(), open.end(), later);
      else open.pop_back();
    }
  }
}

}  // namespace hikyaku::cli
