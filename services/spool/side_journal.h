// Journals beside those of reception, whose writer is a command for as long as it runs: what it puts there is delivered like any accepted
// mail. Small segments, no spare ones.
#pragma once

#include "services/spool/incoming.h"

namespace hikyaku::spool {

// Their numbers, above those of reception; one owner at a time, by the journal's lock.
inline constexpr std::uint16_t import_journal = 1000, release_journal = 1001;

struct SideJournal {
  std::string spool_folder;
  std::uint16_t number = import_journal;
  std::uint16_t node = 1;
  std::uint64_t reserve_octets = 0;  // of the disk, left free
};
[[nodiscard]] SpoolResult<std::unique_ptr<IncomingWriter>> open_side_journal(io::Disk& disk, const SideJournal& journal);

}  // namespace hikyaku::spool
