#include "services/history/files.h"

#include <algorithm>
#include <set>

#include "base/cursor.h"
#include "services/history/line.h"

namespace hikyaku::history {
namespace {

constexpr std::uint64_t largest_file = 256 << 20;
constexpr std::uint64_t full_file = 128 << 20;  // grows no more: a look every second at a busy queue would fill the disk
constexpr std::size_t names_of_an_hour = 20, names_of_a_day = 20;  // of a place and dimension, when thinned
constexpr std::string_view ending = ".tsv", known_file = "/arrivals-known-until", running_file = "/arrivals-running";

std::string_view folder_of(Span span) { return span == Span::Minute ? "/minutes" : span == Span::Hour ? "/hours" : "/days"; }

std::string file_of(Span span, Time time) {
  const auto day = utc_day(time);
  return std::string(folder_of(span)) + "/" + (span == Span::Day ? day.substr(0, 7) : day) + std::string(ending);
}

Time start_of(Span span, Time time) {
  if (span == Span::Day) return std::chrono::floor<std::chrono::days>(time);
  return span == Span::Hour ? Time(std::chrono::floor<std::chrono::hours>(time)) : Time(std::chrono::floor<std::chrono::minutes>(time));
}

using Folded = std::map<std::pair<Time, Series>, Figures>;

void fold(Folded& into, const Point& point, Span span) {
  auto& figures = into[{start_of(span, point.at), point.series}];
  if (point.series.place == Place::Arrivals) add(figures, point.figures);
  else take_larger(figures, point.figures);
}

// Per time, place and dimension the largest keep their names. Of levels, what the others had at their most is not what they
// had together: their largest is kept, not the sum.
std::vector<Point> thinned(const Folded& folded, std::size_t most) {
  std::map<std::tuple<Time, Place, Dimension>, std::vector<Point>> groups;
  for (const auto& [key, figures] : folded) groups[{key.first, key.second.place, key.second.by}].push_back({key.first, key.second, figures});
  std::vector<Point> all;
  for (auto& [key, points] : groups) {
    std::ranges::sort(points, [](const Point& a, const Point& b) {
      return std::tuple(a.series.name.empty(), b.figures.count, a.series.name) < std::tuple(b.series.name.empty(), a.figures.count, b.series.name);
    });
    const bool has_others = points.back().series.name.empty() && points.back().series.by != Dimension::Total;
    const auto named = points.size() - (has_others ? 1 : 0);
    const bool arrivals = points.front().series.place == Place::Arrivals;
    if (named > most) {
      Point others{points.front().at, {points.front().series.place, points.front().series.by, {}}, {}};
      if (has_others) others.figures = points.back().figures;
      for (auto at = most; at < named; ++at) arrivals ? add(others.figures, points[at].figures) : take_larger(others.figures, points[at].figures);
      points.resize(most);
      points.push_back(std::move(others));
    }
    std::ranges::move(points, std::back_inserter(all));
  }
  return all;
}

std::string lines_of(const std::vector<Point>& points) {
  std::string lines;
  for (const auto& point : points) append_line(lines, point);
  return lines;
}

// Seconds since 1970 at the beginning of a text.
std::optional<Time> parse_seconds(std::string_view text) {
  Cursor in(text);
  const auto seconds = parse_number(in, 253'402'300'799);
  if (!seconds) return std::nullopt;
  return Time{Seconds{static_cast<std::int64_t>(*seconds)}};
}

// The days of a folder's files.
std::vector<std::string> days_in(io::Disk& disk, const std::string& folder) {
  std::vector<std::string> days;
  if (auto names = disk.list(folder))
    for (const auto& name : *names)
      if (name.ends_with(ending)) days.push_back(name.substr(0, name.size() - ending.size()));
  return days;
}

}  // namespace

std::string utc_day(Time time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(static_cast<int>(day.year())) + "-" + two(static_cast<unsigned>(day.month())) + "-" + two(static_cast<unsigned>(day.day()));
}

std::optional<Time> parse_utc_day(std::string_view text) {
  Cursor in(text);
  const auto year = parse_number(in, 9999);
  if (!year || !in.take('-')) return std::nullopt;
  const auto month = parse_number(in, 12);
  if (!month || !in.take('-')) return std::nullopt;
  const auto day = parse_number(in, 31);
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year.value_or(0))), std::chrono::month(static_cast<unsigned>(month.value_or(0))),
                                         std::chrono::day(static_cast<unsigned>(day ? *day : 0)));
  if (!day || !in.at_end() || !date.ok()) return std::nullopt;
  return Time(std::chrono::sys_days(date));
}

// ---- writing ------------------------------------------------------------------------------------------------------

io::DiskResult<> HistoryWriter::append_to(const std::string& path, std::string_view lines) {
  if (lines.empty()) return {};
  TRY_VOID(disk_.make_folder(path.substr(0, path.rfind('/'))));
  TRY(file, disk_.open(path, io::OpenMode::Create));
  TRY(size, file->size());
  if (size >= full_file) return {};
  char last = '\n';
  if (size > 0) TRY_VOID(file->read_at(size - 1, std::span(&last, 1)));
  const std::string_view parts[] = {last == '\n' ? "" : "\n", lines};
  return file->write_at(size, parts);
}

io::DiskResult<> HistoryWriter::append(const std::vector<Point>& points) {
  std::map<std::string, std::string> lines;
  for (const auto& point : points)
    append_line(lines[file_of(point.series.place == Place::Arrivals ? Span::Hour : Span::Minute, point.at)], point);
  for (const auto& [file, text] : lines) TRY_VOID(append_to(folder_ + file, text));
  return {};
}

io::DiskResult<> HistoryWriter::set_known_until(Time until) {
  return io::replace_file(disk_, folder_ + std::string(known_file), std::to_string(until.time_since_epoch().count()) + "\n");
}

io::DiskResult<> HistoryWriter::set_running(const std::vector<Point>& arrivals, Time until) {
  return io::replace_file(disk_, folder_ + std::string(running_file), std::to_string(until.time_since_epoch().count()) + "\n" + lines_of(arrivals));
}

io::DiskResult<> HistoryWriter::fold_minutes(const std::string& day) {
  const auto path = folder_ + std::string(folder_of(Span::Minute)) + "/" + day + std::string(ending);
  TRY(text, io::read_file(disk_, path, largest_file));
  Folded folded;
  read_lines(text, [&](Point&& point) { fold(folded, point, Span::Hour); });
  TRY_VOID(append_to(folder_ + std::string(folder_of(Span::Hour)) + "/" + day + std::string(ending), lines_of(thinned(folded, names_of_an_hour))));
  return disk_.remove(path);
}

io::DiskResult<> HistoryWriter::fold_hours(const std::string& day) {
  const auto path = folder_ + std::string(folder_of(Span::Hour)) + "/" + day + std::string(ending);
  const auto start = parse_utc_day(day);
  if (!start) return disk_.remove(path);
  const auto to = folder_ + file_of(Span::Day, *start);
  bool there = false;  // a crash came between the line and the removal: arrivals must not count twice
  if (const auto before = io::read_file(disk_, to, largest_file))
    read_lines(*before, [&](Point&& point) { there |= point.at == *start; });
  if (!there) {
    TRY(text, io::read_file(disk_, path, largest_file));
    Folded folded;
    read_lines(text, [&](Point&& point) { fold(folded, point, Span::Day); });
    TRY_VOID(append_to(to, lines_of(thinned(folded, names_of_a_day))));
  }
  return disk_.remove(path);
}

io::DiskResult<> HistoryWriter::thin(WallTime now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  for (const auto& day : days_in(disk_, folder_ + std::string(folder_of(Span::Minute))))
    if (day < utc_day(today - minutes_are_kept)) TRY_VOID(fold_minutes(day));
  for (const auto& day : days_in(disk_, folder_ + std::string(folder_of(Span::Hour))))
    if (day < utc_day(today - hours_are_kept)) TRY_VOID(fold_hours(day));
  for (const auto& month : days_in(disk_, folder_ + std::string(folder_of(Span::Day))))
    if (month < utc_day(today - days_are_kept).substr(0, 7)) TRY_VOID(disk_.remove(folder_ + std::string(folder_of(Span::Day)) + "/" + month + std::string(ending)));
  return {};
}

// ---- reading ------------------------------------------------------------------------------------------------------

std::size_t HistoryReader::read_day(Span span, const std::string& file, const std::function<void(const Point&)>& visit) const {
  const auto text = io::read_file(disk_, folder_ + std::string(folder_of(span)) + "/" + file + std::string(ending), largest_file);
  if (!text) return 0;
  return read_lines(*text, [&](Point&& point) { visit(point); });
}

HistoryReader::Read HistoryReader::read(Time since, Time until, const std::function<void(const Point&, Span)>& visit) const {
  Read result;
  std::set<std::pair<Time, Place>> covered;  // hours, then days, that a finer file tells
  for (const auto span : {Span::Minute, Span::Hour, Span::Day}) {
    const auto wider = span == Span::Minute ? Span::Hour : Span::Day;
    std::set<std::pair<Time, Place>> covers;
    const auto from = utc_day(since), to = utc_day(until);
    for (const auto& file : days_in(disk_, folder_ + std::string(folder_of(span)))) {
      if (file < from.substr(0, file.size()) || file > to.substr(0, file.size())) continue;
      result.damaged_lines += read_day(span, file, [&](const Point& point) {
        if (covered.contains({point.at, point.series.place})) return;
        covers.emplace(start_of(wider, point.at), point.series.place);
        if (point.at < since || point.at >= until) return;
        ++result.points;
        visit(point, span);
      });
    }
    covered = std::move(covers);
  }
  return result;
}

std::optional<Time> HistoryReader::first_sample() const {
  std::optional<Time> first;
  for (const auto span : {Span::Minute, Span::Hour, Span::Day}) {
    bool found = false;  // a file may have arrivals alone
    for (const auto& file : days_in(disk_, folder_ + std::string(folder_of(span)))) {
      read_day(span, file, [&](const Point& point) {
        if (point.series.place == Place::Arrivals) return;
        found = true;
        if (!first || point.at < *first) first = point.at;
      });
      if (found) break;
    }
  }
  return first;
}

std::vector<Point> HistoryReader::newest(WallTime now) const {
  constexpr std::uint64_t longest_sample = 128 << 10;
  std::vector<Point> newest;
  const auto today = std::chrono::floor<std::chrono::days>(now);
  for (const auto day : {today, today - std::chrono::days{1}}) {
    const auto file = disk_.open(folder_ + file_of(Span::Minute, day), io::OpenMode::Read);
    if (!file) continue;
    const auto size = (*file)->size().value_or(0);
    std::string text(std::min(size, longest_sample), '\0');
    const auto read = (*file)->read_at(size - text.size(), text);
    if (!read) continue;
    read_lines(std::string_view(text).substr(0, *read), [&](Point&& point) {
      if (!newest.empty() && point.at < newest.front().at) return;
      if (!newest.empty() && point.at > newest.front().at) newest.clear();
      newest.push_back(std::move(point));
    });
    if (!newest.empty()) break;
  }
  return newest;
}

std::optional<Time> HistoryReader::known_until() const {
  const auto text = io::read_file(disk_, folder_ + std::string(known_file), 64);
  return text ? parse_seconds(*text) : std::nullopt;
}

// An hour that is over goes into the files before it leaves the other: what they are known to have does not count twice.
HistoryReader::Running HistoryReader::running() const {
  Running running{{}, known_until()};
  const auto text = io::read_file(disk_, folder_ + std::string(running_file), largest_file);
  const auto until = text ? parse_seconds(*text) : std::nullopt;
  if (!until || (running.until && *until <= *running.until)) return running;
  read_lines(std::string_view(*text).substr(std::min(text->find('\n'), text->size() - 1) + 1), [&](Point&& point) {
    if (!running.until || point.at + length_of(Span::Hour) > *running.until) running.arrivals.push_back(std::move(point));
  });
  running.until = until;
  return running;
}

}  // namespace hikyaku::history
