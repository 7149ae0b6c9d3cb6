// LinesFile: the durable copy of a memory, as lines: what is learned is appended; all of it is written anew when the file has grown to twice what it must hold, in a new
// life (an earlier one's end may be torn), and after trouble with the disk. A power cut loses what was learned in the last seconds. However long the disk takes, at most
// most_waiting_octets wait for it: beyond that all of the memory is written anew instead.
//
// The memory and its lock are the owner's; learned() is called under the lock, save() without it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "io/disk.h"

namespace hikyaku::policy {

class LinesFile {
 public:
  static constexpr std::size_t most_waiting_octets = 8 << 20;
  static constexpr std::uint64_t most_octets = 1ULL << 30;   // that are read
  static constexpr std::uint64_t least_octets = 1 << 20;     // below it the file is not written anew
  static constexpr std::size_t lines_a_lock = 1'000;

  // `heading`: the first line, without its end.
  LinesFile(io::Disk& disk, std::string name, std::string_view heading) : disk_(disk), name_(std::move(name)), heading_(heading) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  // NotFound: there is none. Blocks.
  [[nodiscard]] io::DiskResult<std::string> read() const { return io::read_file(disk_, name_, most_octets); }

  // With its line end. No I/O.
  void learned(std::string_view lines);

  // Adds some more lines of the whole memory at each call, at most lines_a_lock. False: that were the last. Called under the lock.
  using MoreLines = std::function<bool(std::string& to)>;
  // Blocks; one at a time. After an error all is written anew next time.
  io::DiskResult<> save(std::mutex& lock, const MoreLines& more_lines);

 private:
  io::DiskResult<> write_anew(std::mutex& lock, const MoreLines& more_lines);
  [[nodiscard]] io::DiskResult<std::unique_ptr<io::File>> replace(const std::string& text);

  io::Disk& disk_;
  const std::string name_, heading_;
  // Under the lock.
  std::string waiting_;
  bool anew_ = false;
  // Of who saves alone.
  std::unique_ptr<io::File> file_;
  std::uint64_t octets_ = 0, octets_anew_ = 0;
};

// For MoreLines: lines for at most lines_a_lock entries behind `after`, which becomes the last of them. False: there are no more.
template <class Map, class ToLine>
bool add_some(std::string& to, const Map& map, std::optional<typename Map::key_type>& after, ToLine to_line) {
  auto one = after ? map.upper_bound(*after) : map.begin();
  for (std::size_t n = 0; n < LinesFile::lines_a_lock && one != map.end(); ++n, ++one) {
    to += to_line(*one);
    after = one->first;
  }
  return one != map.end();
}

}  // namespace hikyaku::policy
