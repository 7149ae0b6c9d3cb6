#include "services/policy/lines_file.h"

#include <algorithm>
#include <utility>

namespace hikyaku::policy {

void LinesFile::learned(std::string_view lines) {
  if (anew_) return;  // it is in the memory
  if (waiting_.size() + lines.size() <= most_waiting_octets) return void(waiting_ += lines);
  anew_ = true;
  std::string().swap(waiting_);
}

io::DiskResult<> LinesFile::save(std::mutex& lock, const MoreLines& more_lines) {
  std::string lines;
  {
    const std::lock_guard locked(lock);
    if (waiting_.empty() && !anew_) return {};
    anew_ = anew_ || !file_ || octets_ + waiting_.size() > std::max(least_octets, 2 * octets_anew_);
    if (!anew_) lines.swap(waiting_);
  }
  if (lines.empty()) return write_anew(lock, more_lines);
  auto written = file_->write_at(octets_, lines);
  if (written) {
    octets_ += lines.size();
    return {};
  }
  const std::lock_guard locked(lock);
  anew_ = true;
  return written;
}

// In pieces: others wait for the lock. What is learned meanwhile is appended behind.
io::DiskResult<> LinesFile::write_anew(std::mutex& lock, const MoreLines& more_lines) {
  {
    const std::lock_guard locked(lock);
    waiting_.clear();
    anew_ = false;
  }
  std::string text = heading_ + '\n';
  for (bool more = true; more;) {
    const std::lock_guard locked(lock);
    more = more_lines(text);
  }
  file_.reset();
  auto file = replace(text);
  if (!file) {
    const std::lock_guard locked(lock);
    anew_ = true;
    waiting_.clear();
    return failure(std::move(file).error());
  }
  file_ = *std::move(file);
  octets_ = octets_anew_ = text.size();
  return {};
}

io::DiskResult<std::unique_ptr<io::File>> LinesFile::replace(const std::string& text) {
  TRY_VOID(io::replace_file(disk_, name_, text));
  return disk_.open(name_, io::OpenMode::ReadWrite);
}

}  // namespace hikyaku::policy
