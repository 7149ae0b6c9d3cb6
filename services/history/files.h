// The history on disk: minutes of the last two days, hours of the last sixty, days of the last four hundred. Lines are only
// appended; when a day's minutes are old their largest become lines of hours, and its hours a line of days, and the old file
// goes. So memory and disk are bounded whatever the queue holds: some 100 MB, and no file grows beyond 128 MB.
//
//   data/history/minutes/2026-11-22.tsv   hours/2026-11-22.tsv   days/2026-11.tsv   arrivals-known-until   arrivals-running     (days in UTC)
//
// All calls block; HistoryWriter by one thread of one process (`deliver`), HistoryReader by anybody at the same time.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/history/sample.h"

namespace hikyaku::history {

enum class Span : std::uint8_t { Minute, Hour, Day };
[[nodiscard]] constexpr Seconds length_of(Span span) {
  return span == Span::Minute ? Seconds{60} : span == Span::Hour ? Seconds{3'600} : Seconds{86'400};
}
constexpr auto minutes_are_kept = std::chrono::days{2}, hours_are_kept = std::chrono::days{60}, days_are_kept = std::chrono::days{400};

class HistoryWriter {
 public:
  HistoryWriter(io::Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  // Levels as minutes, arrivals as hours. A torn line of an earlier write is ended first.
  io::DiskResult<> append(const std::vector<Point>& points);
  // Until when all that arrived is in the files.
  io::DiskResult<> set_known_until(Time until);
  // What arrived beyond that until `until`, in hours that are not over: takes the place of what was set before.
  io::DiskResult<> set_running(const std::vector<Point>& arrivals, Time until);
  // Makes hours and days of what is old, and removes it. Repeats nothing: a crash in between is done again, with the same outcome.
  io::DiskResult<> thin(WallTime now);

 private:
  io::DiskResult<> append_to(const std::string& path, std::string_view lines);
  io::DiskResult<> fold_minutes(const std::string& day);
  io::DiskResult<> fold_hours(const std::string& day);

  io::Disk& disk_;
  const std::string folder_;
};

class HistoryReader {
 public:
  HistoryReader(io::Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  // Every point of [since, until) with the span it was kept with: minutes where they are kept, else hours, else days. In no
  // order; arrivals of one hour may come in several points, which add up. Files are read whole, one at a time.
  struct Read {
    std::uint64_t points = 0, damaged_lines = 0;
  };
  Read read(Time since, Time until, const std::function<void(const Point&, Span)>& visit) const;
  // When what waits was looked at first, as far as it is kept; before it there was no server. Nothing: never yet. Reads the
  // oldest file of each span.
  [[nodiscard]] std::optional<Time> first_sample() const;
  // The points of the newest sample of today or yesterday (UTC); empty: there is none. Reads the end of one file.
  [[nodiscard]] std::vector<Point> newest(WallTime now) const;
  // Nothing: nothing was counted yet.
  [[nodiscard]] std::optional<Time> known_until() const;
  // What arrived in hours that are not over and in no file yet, and until when all is counted, here or in the files.
  struct Running {
    std::vector<Point> arrivals;  // of whole hours
    std::optional<Time> until;    // nothing: nothing was counted yet
  };
  [[nodiscard]] Running running() const;

 private:
  std::size_t read_day(Span span, const std::string& file, const std::function<void(const Point&)>& visit) const;
  io::Disk& disk_;
  const std::string folder_;
};

// "2026-11-22", in UTC, and back.
[[nodiscard]] std::string utc_day(Time time);
[[nodiscard]] std::optional<Time> parse_utc_day(std::string_view text);

}  // namespace hikyaku::history
