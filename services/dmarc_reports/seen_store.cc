#include "services/dmarc_reports/seen_store.h"

#include "base/cursor.h"

namespace hikyaku::dmarc_reports {

namespace {

std::string two(unsigned value) { return std::string(value < 10 ? "0" : "") + std::to_string(value); }
UtcDay day_of(UtcHour hour) { return std::chrono::floor<std::chrono::days>(hour); }

}  // namespace

std::string day_name(UtcDay day) {
  const std::chrono::year_month_day date(day);
  return std::to_string(static_cast<int>(date.year())) + '-' + two(static_cast<unsigned>(date.month())) + '-' + two(static_cast<unsigned>(date.day()));
}

std::optional<UtcDay> parse_day_name(std::string_view name) {
  if (name.size() != 10 || name[4] != '-' || name[7] != '-') return std::nullopt;
  const auto number = [name](std::size_t at, std::size_t count) -> std::optional<unsigned> {
    Cursor in(name.substr(at, count));
    const auto value = parse_number(in, 9'999);
    return value && in.at_end() ? std::optional(static_cast<unsigned>(*value)) : std::nullopt;
  };
  const auto y = number(0, 4), m = number(5, 2), d = number(8, 2);
  if (!y || !m || !d) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*y)), std::chrono::month(*m), std::chrono::day(*d)};
  return date.ok() ? std::optional(UtcDay(date)) : std::nullopt;
}

std::string hour_name(UtcHour hour) { return day_name(day_of(hour)) + 'T' + two(static_cast<unsigned>((hour - day_of(hour)).count())); }

std::optional<UtcHour> parse_hour_name(std::string_view name) {
  const auto day = parse_day_name(name.substr(0, 10));
  if (!day || name.size() == 10) return day;
  Cursor in(name.substr(11));
  const auto hour = parse_number(in, 23);
  if (name.size() != 13 || name[10] != 'T' || !hour || !in.at_end()) return std::nullopt;
  return UtcHour(*day) + std::chrono::hours(*hour);
}

void SeenStore::add(const dmarc::PublishedPolicy& policy, const dmarc::ReportRow& row, WallTime now) {
  auto line = judged_line(policy, row);
  const std::lock_guard lock(mutex_);
  if (unsaved_octets_ + line.size() > most_unsaved_octets) return;
  unsaved_octets_ += line.size();
  unsaved_[std::chrono::floor<std::chrono::hours>(now)] += line;
}

io::DiskResult<> SeenStore::save(WallTime now) {
  std::map<UtcHour, std::string> lines;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(unsaved_);
    unsaved_octets_ = 0;
  }
  const auto today = std::chrono::floor<std::chrono::days>(now);
  for (const auto& [hour, text] : lines) TRY_VOID(append(hour, text));
  remove_old(today);
  return {};
}

io::DiskResult<> SeenStore::open(UtcHour hour) {
  file_.reset();
  TRY_VOID(disk_.make_folder(folder_));
  TRY(opened, disk_.open(folder_ + "/" + hour_name(hour), io::OpenMode::Create));
  TRY(size, opened->size());
  octets_ = size, day_octets_ = 0;
  for (UtcHour other = day_of(hour); other < day_of(hour) + std::chrono::days{1}; other += std::chrono::hours{1})
    if (const auto info = disk_.info(folder_ + "/" + hour_name(other)); info && other != hour) day_octets_ += info->size;
  // A line that an earlier life left torn stands alone.
  if (octets_ > 0) TRY_VOID(opened->write_at(octets_++, "\n"));
  file_ = std::move(opened), hour_ = hour;
  return {};
}

io::DiskResult<> SeenStore::append(UtcHour hour, const std::string& lines) {
  if (!file_ || hour != hour_) TRY_VOID(open(hour));
  if (day_octets_ + octets_ + lines.size() > most_day_octets) return {};
  if (auto written = file_->write_at(octets_, lines); !written) {
    file_.reset();
    return written;
  }
  octets_ += lines.size();
  return {};
}

void SeenStore::remove_old(UtcDay today) {
  const auto names = disk_.list(folder_);
  if (!names) return;
  for (const auto& name : *names)
    if (const auto hour = parse_hour_name(name); hour && day_of(*hour) + kept_days < today) (void)disk_.remove(folder_ + "/" + name);
}

}  // namespace hikyaku::dmarc_reports
