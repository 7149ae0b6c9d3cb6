// LifeSign: by what a server tells its successor that it did not end in order. The file <data>/supervisor/alive stands while it
// runs, is written every few seconds, and goes when it ends as it should. One that is there at a start was left by a server that
// was killed, or went down with the machine: nobody else could tell the operator. Text, so that a person can read it too:
//
//   heard 2026-11-22T09:00:00.000000+09:00 4711 5f3c0a3e-...
//   ended server 4711 2026-11-22T09:00:00.000000+09:00 2026-11-22T09:05:00.000000+09:00 the machine was started anew
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "io/disk.h"

namespace hikyaku::apps {

// One process that ended without saying so.
struct UnsaidEnd {
  enum class Of : std::uint8_t { Server, ControlProcess } of = Of::Server;
  int pid = 0;
  WallTime heard{};  // last; zero: not known
  WallTime until{};  // when its successor began
  std::string how;   // "signal 9 (Killed)", "the machine was started anew"; empty: nobody knows
  friend bool operator==(const UnsaidEnd&, const UnsaidEnd&) = default;
};
[[nodiscard]] std::string_view name_of(UnsaidEnd::Of of);  // "server", "control-process"

struct LifeSign {
  static constexpr std::size_t most_ends = 5;
  WallTime heard{};
  int pid = 0;                  // of the server
  std::string boot;             // of the machine
  std::vector<UnsaidEnd> ends;  // before it since the last end in order, oldest first; the newest most_ends of them
  friend bool operator==(const LifeSign&, const LifeSign&) = default;
};
// Lines that make no sense are passed over.
[[nodiscard]] LifeSign parse_life(std::string_view text);
[[nodiscard]] std::string life_text(const LifeSign& life);

// The successor's own sign, with the end of whoever left `left`; `how`: it was a control process whose end its parent saw.
[[nodiscard]] LifeSign succeed(const std::optional<LifeSign>& left, const std::optional<UnsaidEnd>& seen, int pid, const std::string& boot, WallTime now);

class LifeFile {
 public:
  LifeFile(io::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  [[nodiscard]] std::optional<LifeSign> left() const;  // nothing: the last end was in order
  io::DiskResult<> begin(const LifeSign& life);        // flushed
  void still_alive(WallTime now);                      // not flushed: a few octets in place
  void end();                                          // in order

 private:
  io::Disk& disk_;
  const std::string path_;
};

[[nodiscard]] std::string boot_id();  // of this machine's run; empty: the system does not tell

}  // namespace hikyaku::apps
