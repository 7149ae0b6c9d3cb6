// Taking over E-Post's spool: every pair that is whole becomes a message in an incoming journal of its own, whose writer is
// the import itself. So it needs no service to run and none to stop: deliver reads every incoming journal it finds, now or when
// it starts. What is damaged stays where it is and is told.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "services/epost_spool/pair.h"
#include "services/spool/side_journal.h"

namespace hikyaku::epost_spool {


enum class Fate : std::uint8_t {
  Taken,      // (in a dry run: would be)
  Before,     // by an earlier import
  AllServed,  // nobody is left to be served
  Damaged,    // left where it is
  Undecided,  // an earlier import ended while it was written: `hikyaku trace` on its id tells whether it came through
};
struct ImportedPair {
  std::string stem;
  Fate fate = Fate::Damaged;
  TraceId id;  // Taken, Before, Undecided
  std::size_t recipients = 0;
  std::vector<std::string> notes;
  std::string damage;
};
struct ImportOptions {
  std::string from;          // E-Post's work folder
  std::string spool_folder;  // ours: ".../spool"
  std::uint16_t node = 1;
  std::uint64_t reserve_octets = 1ULL << 30;
  DotsRule dots = DotsRule::Find;
  enum class Run : std::uint8_t { Real, Dry } run = Run::Real;
  enum class UndecidedPairs : std::uint8_t { Leave, TakeAgain } undecided = UndecidedPairs::Leave;
};

using EachPair = std::function<void(const ImportedPair&)>;  // in order of the stems, each once

struct ImportSummary {
  std::size_t taken = 0, before = 0, all_served = 0, damaged = 0, undecided = 0;
  std::vector<std::string> strangers;     // files that are no part of a pair
  std::vector<std::string> retry_notes;   // what each Domain.mri told
};
// An error is of our own disk or of the folder as a whole; what was told as taken before it is taken.
[[nodiscard]] spool::SpoolResult<ImportSummary> import_spool(io::Disk& disk, const ImportOptions& options, WallTime now, const EachPair& each);

}  // namespace hikyaku::epost_spool
