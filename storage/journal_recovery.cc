#include "storage/journal_recovery.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/cursor.h"
#include "storage/segment_scan.h"

namespace hikyaku::storage {
namespace {

// The counter file, and every header: whichever remembers more. Written before anything else is done in its name.
JournalResult<std::uint64_t> next_token(const JournalFolder& folder, const SegmentTable& table) {
  std::uint64_t last = 0;
  for (const auto& [number, entry] : table.segments) last = std::max(last, entry.header.owner);
  const auto text = io::read_file(folder.disk(), folder.file("fencing"), 64);
  if (!text && text.error().kind != io::DiskFailure::NotFound) return failure(journal_error(text.error()));
  if (text) {
    Cursor in(*text);
    if (const auto token = parse_number(in, UINT64_MAX - 1)) last = std::max(last, *token);
  }
  HIKYAKU_TRY_DISK_VOID(io::replace_file(folder.disk(), folder.file("fencing"), std::to_string(last + 1) + "\n"));
  return last + 1;
}

struct Settled {
  SegmentFooter footer;
  std::uint64_t damaged = 0;
};

// Cuts one segment at its end and seals it. The flush comes first: after a mere crash its records may still be in the
// page cache only.
JournalResult<Settled> settle(const JournalFolder& folder, const SegmentEntry& entry, std::optional<std::uint32_t> known_end,
                              std::uint32_t mark, HeadIndex index_wanted) {
  HIKYAKU_TRY_DISK(file, folder.disk().open(folder.slot_file(entry.slot), io::OpenMode::ReadWrite));
  FileOctets octets(*file);
  std::uint32_t end = known_end.value_or(0);
  if (!known_end) {
    HIKYAKU_TRY_DISK(found, find_end(octets, entry.header, mark));
    end = found;
  }
  Settled settled;
  std::string index;
  std::uint32_t records = 0;
  DurableWalk walk(octets, entry.header, block_octets, end);
  for (;;) {
    HIKYAKU_TRY_DISK(record, walk.next());
    if (!record) break;
    ++records;
    if (index_wanted == HeadIndex::Written)
      add_to_index(index, {record->header.offset, record->header.body_octets, record->head});
  }
  settled.damaged = walk.damaged();
  HIKYAKU_TRY_DISK_VOID(file->flush());
  TRY_VOID(write_footer(*file, entry.header, end, index, records));
  HIKYAKU_TRY_DISK_VOID(file->flush());
  std::string block(block_octets, '\0');
  HIKYAKU_TRY_DISK(got, file->read_at(entry.header.segment_octets - block_octets, block));
  const auto footer = parse_segment_footer(std::string_view(block).substr(0, got), entry.header);
  if (!footer) return failure(JournalError{JournalFailure::Broken, folder.slot_file(entry.slot) + ": its seal reads back wrong"});
  settled.footer = *footer;
  return settled;
}
}  // namespace

JournalResult<> write_footer(io::File& file, const SegmentHeader& header, std::uint32_t end, std::string_view index,
                             std::uint32_t records) {
  SegmentFooter footer;
  footer.number = header.number;
  footer.end = end;
  footer.records = records;
  footer.index_at = static_cast<std::uint32_t>(align_up(end, block_octets));
  // A segment settled by a later owner with other settings may lack the room: it is read record by record then.
  if (footer.index_at + index.size() <= header.segment_octets - block_octets)
    footer.index_octets = static_cast<std::uint32_t>(index.size());
  footer.index_checksum = checksum(index, header.nonce);
  if (footer.index_octets > 0) HIKYAKU_TRY_DISK_VOID(file.write_at(footer.index_at, index));
  HIKYAKU_TRY_DISK_VOID(file.write_at(header.segment_octets - block_octets, encode(footer, header.nonce)));
  return {};
}

JournalResult<TakenOver> take_over_journal(const JournalFolder& folder, HeadIndex index) {
  TakenOver taken;
  TRY(table, folder.read_table());
  TRY(token, next_token(folder, table));
  auto released = folder.read_released().value_or(ReleasedSegments{});  // damaged: nothing is known to be released
  TRY(published, folder.read_position());
  for (auto& [number, entry] : table.segments) {
    if (entry.footer || released.contains(number)) continue;
    const bool marked = published && published->durable_end.segment.value() == number;
    // A mark beyond the file is a damaged position that passed its checksum: believe the records instead.
    const auto mark = marked && published->durable_end.offset < entry.header.segment_octets - block_octets
                          ? published->durable_end.offset : block_octets;
    TRY(settled, settle(folder, entry, table.settled_end(number), mark, index));
    entry.footer = settled.footer;
    taken.damaged += settled.damaged;
  }
  taken.token = token;
  taken.table = std::move(table);
  taken.released = std::move(released);
  if (!taken.table.segments.empty()) {
    const auto& [number, entry] = *taken.table.segments.rbegin();
    taken.last = {SegmentNumber{number}, entry.footer ? entry.footer->end : block_octets};
  }
  // Numbers are never used twice, even when the highest segment's file was removed by a shrinking pool.
  if (published) taken.last = std::max(taken.last, published->durable_end);
  const auto highest = taken.released.highest();
  if (highest > taken.last.segment.value()) taken.last = {SegmentNumber{highest}, block_octets};
  return taken;
}

}  // namespace hikyaku::storage
