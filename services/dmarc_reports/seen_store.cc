#include "services/dmarc_reports/seen_store.h"

#include "base/cursor.h"

namespace hikyaku::dmarc_reports {

std::string day_name(UtcDay day) {
  const std::chrono::year_month_day date(day);
  const auto two = [](unsigned value) { return std::string(value < 10 ? "0" : "") + std::to_string(value); };
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

void SeenStore::add(const dmarc::PublishedPolicy& policy, const dmarc::ReportRow& row, WallTime now) {
  auto line = judged_line(policy, row);
  const std::lock_guard lock(mutex_);
  if (unsaved_octets_ + line.size() > most_unsaved_octets) return;
  unsaved_octets_ += line.size();
  unsaved_[std::chrono::floor<std::chrono::days>(now)] += line;
}

io::DiskResult<> SeenStore::save(WallTime now) {
  std::map<UtcDay, std::string> lines;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(unsaved_);
    unsaved_octets_ = 0;
  }
  const auto today = std::chrono::floor<std::chrono::days>(now);
  for (const auto& [day, text] : lines) TRY_VOID(append(day, text));
  remove_old(today);
  return {};
}

io::DiskResult<> SeenStore::append(UtcDay day, const std::string& lines) {
  if (!file_ || day != day_) {
    file_.reset();
    TRY_VOID(disk_.make_folder(folder_));
    TRY(opened, disk_.open(folder_ + "/" + day_name(day), io::OpenMode::Create));
    TRY(size, opened->size());
    octets_ = size;
    // A line that an earlier life left torn stands alone.
    if (octets_ > 0) TRY_VOID(opened->write_at(octets_++, "\n"));
    file_ = std::move(opened), day_ = day;
  }
  if (octets_ + lines.size() > most_day_octets) return {};
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
    if (const auto day = parse_day_name(name); day && *day + kept_days < today) (void)disk_.remove(folder_ + "/" + name);
}

}  // namespace hikyaku::dmarc_reports
