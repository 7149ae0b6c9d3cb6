// SessionJournal: the record of what was judged, a file for each day, shared by all loops of reception. It is for `hikyaku policy replay` and nothing else:
// lines that find no room are counted and left out, with a mark where they were, a power cut loses the last seconds, and nobody ever waits for it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "io/disk.h"
#include "services/policy/session_record.h"

namespace hikyaku::policy {

struct SessionJournalTerms {
  unsigned days = 30;              // 0: nothing is recorded, and what was is removed
  std::uint64_t octets = 1 << 30;  // of all files; the oldest day goes first, and of one day what is beyond is left out
};

// "FOLDER/sessions-2026-11-23": UTC. Nothing: no such file's name.
[[nodiscard]] std::string session_file(const std::string& folder, WallTime day);
[[nodiscard]] std::optional<WallTime> day_of_session_file(std::string_view name);
// The files of a folder that have something of the time since `from`, oldest first. Blocks.
[[nodiscard]] std::vector<std::string> session_files(io::Disk& disk, const std::string& folder, WallTime from);

class SessionJournal {
 public:
  static constexpr std::size_t most_waiting_octets = 8 << 20;  // in memory

  SessionJournal(io::Disk& disk, std::string folder, SessionJournalTerms terms) : disk_(disk), folder_(std::move(folder)), terms_(terms) {}

  // Thread-safe, no I/O.
  void set_terms(SessionJournalTerms terms);
  [[nodiscard]] bool records() const;
  void add(const SessionRecord& record);

  // Writes what came since and removes days that are over. Blocks; one at a time: on a worker, every few seconds.
  io::DiskResult<> save(WallTime now);
  [[nodiscard]] std::uint64_t left_out() const;  // records that found no room, so far

 private:
  io::DiskResult<> open_day(WallTime now);
  io::DiskResult<> make_room();
  io::DiskResult<> make_ready(WallTime now);

  io::Disk& disk_;
  const std::string folder_;
  mutable std::mutex mutex_;
  SessionJournalTerms terms_;
  std::string waiting_;
  bool gap_ = false;  // behind what waits
  std::uint64_t left_out_ = 0;
  // Of who saves alone.
  std::unique_ptr<io::File> file_;
  std::string file_name_;
  bool gap_in_file_ = false;  // at its end
  std::uint64_t octets_ = 0, others_ = 0;  // of the day's file, and of the other days'
};

}  // namespace hikyaku::policy
