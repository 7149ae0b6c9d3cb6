// Log lines on disk: one file a day for each log and service, appended to, removed when its retention is over.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>

#include "services/telemetry/log.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::telemetry {

namespace {

constexpr std::size_t log_count = 10;

class OpenFile {
 public:
  OpenFile() = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { close(); }
  bool open(const std::string& path) {
    close();
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    return descriptor_ >= 0;
  }
  // A torn line (disk full in the middle) is ended, so that the next one stands on its own.
  bool append(std::string_view octets) {
    if (torn_ && ::write(descriptor_, "\n", 1) == 1) torn_ = false;
    while (!octets.empty()) {
      const auto count = ::write(descriptor_, octets.data(), octets.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      torn_ = octets[static_cast<std::size_t>(count) - 1] != '\n';
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1, torn_ = false;
  }

 private:
  int descriptor_ = -1;
  bool torn_ = false;
};

class FileSink final : public LogSink {
 public:
  explicit FileSink(const LogOptions& options) : options_(options) {}

  bool append(LogName log, WallTime when, std::string_view lines) override {
    auto& at = files_[static_cast<std::size_t>(log)];
    const std::string day = day_text(when);
    if (at.day != day) {
      const std::string folder = options_.folder + "/" + options_.service + "/" + std::string(log_folder_name(log));
      std::error_code problem;
      std::filesystem::create_directories(folder, problem);
      if (!at.file.open(folder + "/" + day + "." + options_.service + ".jsonl")) {
        at.day.clear();
        return false;
      }
      at.day = day;
      remove_old(folder, "." + options_.service + ".jsonl", when);
      if (options_.former_layout == FormerLayout::RemoveOld) remove_former(when);
    }
    return at.file.append(lines);
  }

  void set_retention(int days) override { retention_days_ = days; }

 private:
  // Files whose name is a day and ends as given.
  void remove_old(const std::string& folder, std::string_view ending, WallTime when) {
    if (retention_days_ <= 0) return;
    const std::string oldest = day_text(when - std::chrono::hours{24} * retention_days_.load());
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
      const std::string name = entry.path().filename().string();
      if (name.size() >= 10 + ending.size() && name[10] == '.' && name.ends_with(ending) && name.substr(0, 10) < oldest)
        std::filesystem::remove(entry.path(), problem);
    }
  }

  void remove_former(WallTime when) {
    for (std::size_t log = 0; log < log_count; ++log)
      remove_old(options_.folder + "/" + std::string(log_folder_name(static_cast<LogName>(log))), ".jsonl", when);
  }

  LogOptions options_;
  std::atomic<int> retention_days_{options_.retention_days};
  struct Day {
    std::string day;
    OpenFile file;
  };
  std::array<Day, log_count> files_;
};

}  // namespace

std::unique_ptr<LogSink> file_sink(const LogOptions& options) { return std::make_unique<FileSink>(options); }

}  // namespace hikyaku::telemetry
