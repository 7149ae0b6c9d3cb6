// Taking a journal over: the next owner's token, and the settling of segments that have no clean end.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/file_journal.h"
#include "storage/journal_folder.h"

namespace hikyaku::storage {

struct TakenOver {
  std::uint64_t token = 0;    // durable: no owner before had it
  SegmentTable table;         // every unreleased segment has a footer
  ReleasedSegments released;
  Position last;              // the highest segment ever seen and its end; {} in an empty journal
  std::uint64_t damaged = 0;  // spans of lost records below the durable mark
};
// With the lock held. After an error nothing is worse than before: try again.
JournalResult<TakenOver> take_over_journal(const JournalFolder& folder, HeadIndex index);

// Index and footer behind `end`; not flushed.
JournalResult<> write_footer(io::File& file, const SegmentHeader& header, std::uint32_t end, std::string_view index,
                             std::uint32_t records);

}  // namespace hikyaku::storage
