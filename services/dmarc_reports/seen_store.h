// SeenStore: reception's file of what it judged by DMARC, one a UTC hour, a line a message (judged_line.h), for delivery to gather. Shared by all loops of
// the process. Written every few seconds without a flush: a power cut leaves out of a report what was seen in the last ones. Bounded by day and in memory.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "io/disk.h"
#include "services/dmarc_reports/judged_line.h"

namespace hikyaku::dmarc_reports {

using UtcDay = std::chrono::sys_days;
using UtcHour = std::chrono::sys_time<std::chrono::hours>;
[[nodiscard]] std::string day_name(UtcDay day);  // "2026-11-22"
[[nodiscard]] std::optional<UtcDay> parse_day_name(std::string_view name);
[[nodiscard]] std::string hour_name(UtcHour hour);  // "2026-11-22T13": of the file
// A day's name, of the files that earlier versions wrote, is its first hour.
[[nodiscard]] std::optional<UtcHour> parse_hour_name(std::string_view name);
inline constexpr std::chrono::days kept_days{3};  // of files: reports are made of yesterday, and tried for two days

class SeenStore {
 public:
  static constexpr std::uint64_t most_day_octets = 256 << 20;
  static constexpr std::size_t most_unsaved_octets = 4 << 20;

  SeenStore(io::Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}
  // Thread-safe, no I/O. Beyond a bound it is not counted.
  void add(const dmarc::PublishedPolicy& policy, const dmarc::ReportRow& row, WallTime now);
  // Writes what was added since, and removes files that are old. Blocks; one at a time, on a worker.
  io::DiskResult<> save(WallTime now);

 private:
  io::DiskResult<> append(UtcHour hour, const std::string& lines);
  io::DiskResult<> open(UtcHour hour);
  void remove_old(UtcDay today);

  io::Disk& disk_;
  const std::string folder_;
  std::mutex mutex_;
  std::map<UtcHour, std::string> unsaved_;
  std::size_t unsaved_octets_ = 0;
  // Of who saves alone.
  UtcHour hour_{};
  std::unique_ptr<io::File> file_;
  std::uint64_t octets_ = 0, day_octets_ = 0;  // of the file; of the other hours of its day
};

}  // namespace hikyaku::dmarc_reports
