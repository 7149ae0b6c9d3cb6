#include "services/policy/session_journal.h"

#include <algorithm>
#include <utility>

#include "services/policy/line_word.h"

namespace hikyaku::policy {
namespace {

constexpr std::string_view beginning = "sessions-";

std::string day_name(WallTime at) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(at));
  const auto two = [](unsigned n) { return (n < 10 ? "-0" : "-") + std::to_string(n); };
  return std::string(beginning) + std::to_string(static_cast<int>(day.year())) + two(static_cast<unsigned>(day.month())) + two(static_cast<unsigned>(day.day()));
}

std::string gap_line() { return std::string(sessions_gap) + '\n'; }

}  // namespace

std::string session_file(const std::string& folder, WallTime day) { return folder + '/' + day_name(day); }

std::optional<WallTime> day_of_session_file(std::string_view name) {
  if (!name.starts_with(beginning)) return std::nullopt;
  name.remove_prefix(beginning.size());
  if (name.size() != 10 || name[4] != '-' || name[7] != '-') return std::nullopt;
  const auto year = number_word(name.substr(0, 4)), month = number_word(name.substr(5, 2)), day = number_word(name.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(static_cast<unsigned>(*month)), std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(date));
}

std::vector<std::string> session_files(io::Disk& disk, const std::string& folder, WallTime from) {
  std::vector<std::string> files;
  const auto names = disk.list(folder);
  if (!names) return files;
  for (const auto& name : *names)
    if (const auto day = day_of_session_file(name); day && *day + std::chrono::days{1} > from) files.push_back(folder + '/' + name);
  return files;
}

void SessionJournal::set_terms(SessionJournalTerms terms) {
  const std::lock_guard lock(mutex_);
  terms_ = terms;
}

bool SessionJournal::records() const {
  const std::lock_guard lock(mutex_);
  return terms_.days > 0;
}

void SessionJournal::add(const SessionRecord& record) {
  auto line = session_line(record);
  const std::lock_guard lock(mutex_);
  if (waiting_.size() + line.size() > most_waiting_octets) {
    ++left_out_;
    gap_ = true;
    return;
  }
  if (std::exchange(gap_, false)) waiting_ += gap_line();
  waiting_ += line;
}

std::uint64_t SessionJournal::left_out() const {
  const std::lock_guard lock(mutex_);
  return left_out_;
}

// The day's file, and the others' sizes once a day.
io::DiskResult<> SessionJournal::open_day(WallTime now) {
  auto name = session_file(folder_, now);
  if (file_ && name == file_name_) return {};
  SessionJournalTerms terms;
  {
    const std::lock_guard lock(mutex_);
    terms = terms_;
  }
  file_.reset();
  TRY_VOID(disk_.make_folder(folder_));
  others_ = 0;
  for (const auto& path : session_files(disk_, folder_, WallTime{})) {
    if (path == name) continue;
    const auto day = day_of_session_file(std::string_view(path).substr(path.rfind('/') + 1));
    if (*day + std::chrono::days{terms.days + 1} <= now) {
      TRY_VOID(disk_.remove(path));
    } else if (const auto info = disk_.info(path)) {
      others_ += info->size;
    }
  }
  if (terms.days == 0) return {};
  TRY(file, disk_.open(name, io::OpenMode::Create));
  TRY(size, file->size());
  octets_ = size;
  if (octets_ == 0) {
    const auto heading = std::string(sessions_heading) + '\n';
    TRY_VOID(file->write_at(0, heading));
    octets_ = heading.size();
  } else {
    // What an earlier life left may end in a torn line.
    TRY_VOID(file->write_at(octets_, std::string_view("\n")));
    ++octets_;
  }
  file_ = std::move(file);
  file_name_ = std::move(name);
  return {};
}

// The oldest days go until what is there fits.
io::DiskResult<> SessionJournal::make_room() {
  std::uint64_t most = 0;
  {
    const std::lock_guard lock(mutex_);
    most = terms_.octets;
  }
  if (octets_ + others_ <= most) return {};
  for (const auto& path : session_files(disk_, folder_, WallTime{})) {
    if (octets_ + others_ <= most || path == file_name_) break;
    const auto info = disk_.info(path);
    TRY_VOID(disk_.remove(path));
    if (info) others_ -= std::min(others_, info->size);
  }
  return {};
}

io::DiskResult<> SessionJournal::save(WallTime now) {
  std::string lines;
  std::uint64_t most = 0;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(waiting_);
    most = terms_.octets;
  }
  const auto ready = make_ready(now);
  if (lines.empty()) return ready;
  const auto records = static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
  if (gap_in_file_) lines.insert(0, gap_line());
  gap_in_file_ = true;  // unless they are written
  if (!ready || !file_) return ready;
  if (octets_ + lines.size() > most) {
    const std::lock_guard lock(mutex_);
    left_out_ += records;
    return {};
  }
  auto written = file_->write_at(octets_, lines);
  gap_in_file_ = !written;
  if (!written) {
    file_.reset();
    return written;
  }
  octets_ += lines.size();
  return {};
}

io::DiskResult<> SessionJournal::make_ready(WallTime now) {
  TRY_VOID(open_day(now));
  return file_ ? make_room() : io::DiskResult<>{};
}

}  // namespace hikyaku::policy
