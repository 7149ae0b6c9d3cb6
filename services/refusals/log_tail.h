// LogTail: the lines of one log of another service, in the order they were written, each once for this object's life: first those of the past days, then,
// call by call, what was written since. Reads only; bounded work a call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/disk.h"

namespace hikyaku::refusals {

class LogTail {
 public:
  static constexpr std::size_t longest_line = 64 << 10;  // a longer one is passed over
  enum class Left : std::uint8_t { Nothing, More };

  // `folder`: of the log, whose files are DAY.SERVICE.jsonl; `first_day`: "2026-11-22", the oldest that is read.
  LogTail(io::Disk& disk, std::string folder, std::string service, std::string first_day);
  // At most about `octets` are read. Nothing: all that is there was read, or the disk gives no more now. Blocks.
  Left read(std::size_t octets, const std::function<void(std::string_view line)>& visit);

 private:
  [[nodiscard]] std::string path() const { return folder_ + "/" + day_ + "." + service_ + ".jsonl"; }
  // The first day of a file behind `day_` (or it, while nothing was opened); empty: there is none.
  [[nodiscard]] std::string next_day();
  void take(std::string_view octets, const std::function<void(std::string_view)>& visit);

  io::Disk& disk_;
  const std::string folder_, service_;
  std::string day_;
  bool opened_ = false;  // a file of day_
  std::unique_ptr<io::File> file_;
  std::uint64_t at_ = 0;
  std::string line_;     // its beginning, when its end is not there yet
  bool too_long_ = false;
};

}  // namespace hikyaku::refusals
