#include "services/refusals/log_tail.h"

#include <array>
#include <utility>

namespace hikyaku::refusals {
namespace {

constexpr std::size_t piece_octets = 256 << 10, day_octets = 10;

}  // namespace

LogTail::LogTail(io::Disk& disk, std::string folder, std::string service, std::string first_day) : disk_(disk), folder_(std::move(folder)), service_(std::move(service)), day_(std::move(first_day)) {}

std::string LogTail::next_day() {
  const auto names = disk_.list(folder_);
  if (!names) return {};
  const auto tail = "." + service_ + ".jsonl";
  std::string next;
  for (const auto& name : *names) {
    if (name.size() != day_octets + tail.size() || !name.ends_with(tail)) continue;
    const auto day = name.substr(0, day_octets);
    if ((opened_ ? day > day_ : day >= day_) && (next.empty() || day < next)) next = day;
  }
  return next;
}

void LogTail::take(std::string_view octets, const std::function<void(std::string_view)>& visit) {
  while (!octets.empty()) {
    const auto end = octets.find('\n');
    const auto part = octets.substr(0, end);
    if (line_.size() + part.size() > longest_line) too_long_ = true, line_.clear();
    if (end == std::string_view::npos) {
      if (!too_long_) line_ += part;
      return;
    }
    if (!too_long_ && line_.empty()) visit(part);
    else if (!too_long_) visit(line_ += part);
    line_.clear();
    too_long_ = false;
    octets.remove_prefix(end + 1);
  }
}

LogTail::Left LogTail::read(std::size_t octets, const std::function<void(std::string_view)>& visit) {
  std::string piece(piece_octets, '\0');
  for (std::size_t done = 0; done < octets;) {
    if (!file_) {
      const auto day = next_day();
      if (day.empty()) return Left::Nothing;
      const auto before = std::exchange(day_, day);
      auto file = disk_.open(path(), io::OpenMode::Read);
      if (!file) {  // the same day again, next time
        day_ = before;
        return Left::Nothing;
      }
      opened_ = true;
      file_ = std::move(*file), at_ = 0, line_.clear(), too_long_ = false;
    }
    // Whether there is a later file is asked first: nothing is written to this one once that is there.
    const bool is_over = !next_day().empty();
    for (std::size_t got = 1; got > 0 && done < octets; done += got) {
      const auto read = file_->read_at(at_, piece);
      got = read ? *read : 0;
      at_ += got;
      take(std::string_view(piece).substr(0, got), visit);
      if (got == 0) {
        if (!is_over) return Left::Nothing;
        file_.reset();
      }
    }
  }
  return Left::More;
}

}  // namespace hikyaku::refusals
