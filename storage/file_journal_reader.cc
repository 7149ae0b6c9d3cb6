#include "storage/file_journal_reader.h"

#include <algorithm>
#include <set>

#include "base/checksum.h"

namespace hikyaku::storage {
namespace {
constexpr std::uint64_t most_page_octets = 8 << 20;
constexpr std::size_t most_segments_a_page = 16;
constexpr std::uint64_t likely_head_octets = 1024;

JournalError gone(SegmentNumber number) {
  return {JournalFailure::Gone, "segment " + std::to_string(number.value()) + " was released"};
}
JournalError damaged_at(Position at, std::string_view what) {
  return {JournalFailure::Damaged, "record at " + std::to_string(at.segment.value()) + ":" + std::to_string(at.offset) +
                                       ": its " + std::string(what) + " is damaged"};
}
}  // namespace

JournalResult<> FileJournalReader::load() {
  const std::lock_guard lock(mutex_);
  auto released = folder_.read_released();
  if (released) {
    released_ = *std::move(released);
  } else if (released.error().kind == JournalFailure::Damaged) {
    ++damaged_;  // the next release writes it anew; until then all is read again, and who reads knows repeats
    released_is_known_ = false;
  } else {
    return failure(released.error());
  }
  return refresh();
}

JournalResult<> FileJournalReader::refresh() {
  TRY(table, folder_.read_table());
  table_ = std::move(table);
  for (const auto& [number, one] : table_.segments)
    if (one.footer) settled_ = std::max(settled_, Position{SegmentNumber{number}, one.footer->end});
  return {};
}

JournalResult<> FileJournalReader::refresh_until(Position end) {
  const auto last = table_.segments.find(end.segment.value());
  const bool known = last != table_.segments.end() && (last == table_.segments.begin() || table_.settled_end(std::prev(last)->first));
  return known ? JournalResult<>{} : refresh();
}

JournalResult<Position> FileJournalReader::durable_end() {
  const std::lock_guard lock(mutex_);
  if (!position_) {
    auto opened = folder_.disk().open(folder_.file("position"), io::OpenMode::Read);
    if (!opened && opened.error().kind == io::DiskFailure::NotFound) return settled_;
    if (!opened) return failure(journal_error(opened.error()));
    position_ = *std::move(opened);
  }
  char octets[64];
  for (int attempt = 0; attempt < 3; ++attempt) {  // a read may meet the writer in the middle
    HIKYAKU_TRY_DISK(got, position_->read_at(0, octets));
    if (const auto published = parse_position({octets, got})) return std::max(settled_, published->durable_end);
  }
  return settled_;  // torn by a power cut and no owner since: what is sealed is certain
}

JournalResult<HeadsPage> FileJournalReader::heads(Position from, std::size_t limit) {
  TRY(end, durable_end());
  HeadsPage page;
  page.next = from;
  SegmentTable table;  // a few segments of it: a page seldom needs more
  std::uint64_t copied_until = UINT64_MAX;
  ReleasedSegments released;
  {
    const std::lock_guard lock(mutex_);
    TRY_VOID(refresh_until(end));
    const auto first = table_.segments.lower_bound(from.segment.value());
    auto stop = first;
    for (std::size_t i = 0; i < most_segments_a_page + 1 && stop != table_.segments.end(); ++i) ++stop;
    if (stop != table_.segments.end()) copied_until = std::prev(stop)->first;
    table.segments = {first, stop};
    released = released_;
  }
  for (const auto& [number, one] : table.segments) {
    const SegmentNumber segment{number};
    if (segment > end.segment || number == copied_until) break;
    if (released.contains(number)) {
      page.next = std::max(page.next, Position{SegmentNumber{number + 1}, block_octets});
      continue;
    }
    const auto settled = table.settled_end(number);
    if (!settled && segment < end.segment) break;  // its successor's header is being written: look again
    const auto until = settled.value_or(end.offset);
    const auto start = segment == from.segment ? std::max(from.offset, block_octets) : block_octets;
    page.next = {segment, start};
    if (start < until) {
      TRY(all, read_heads(one, start, until, limit, page));
      if (!all) break;
    }
    bool finished = settled.has_value();
    if (!finished && page.heads.empty()) {
      TRY(sealed, was_sealed(one));
      finished = sealed;
    }
    if (!finished) break;
    page.finished.push_back(segment);
    page.next = {SegmentNumber{number + 1}, block_octets};
  }
  return page;
}

// Whether the segment was read to `end`; page.next is set either way.
JournalResult<bool> FileJournalReader::read_heads(const SegmentEntry& one, std::uint32_t from, std::uint32_t end,
                                                  std::size_t limit, HeadsPage& page) {
  TRY(file, open_slot(one.slot));
  std::uint64_t octets = 0;
  const SegmentNumber segment{one.header.number};
  const auto full = [&] { return page.heads.size() >= limit || octets >= most_page_octets; };
  std::shared_ptr<const LoadedIndex> index;
  if (one.footer && one.footer->index_octets > 0) {
    TRY(loaded, index_of(*file, one));
    index = loaded;
  }
  if (index) {
    auto at = std::ranges::lower_bound(index->entries, from, {}, &IndexEntry::offset);
    for (; at != index->entries.end() && !full(); ++at) {
      page.heads.push_back({{segment, at->offset}, std::string(at->head), at->body_octets});
      octets += at->head.size();
    }
    page.next = {segment, at == index->entries.end() ? end : at->offset};
    return at == index->entries.end();
  }
  FileOctets source(*file);
  DurableWalk walk(source, one.header, from, end);
  bool all = false;
  while (!full() && !all) {
    HIKYAKU_TRY_DISK(record, walk.next());
    all = !record;
    if (!record) break;
    page.heads.push_back({{segment, record->header.offset}, std::string(record->head), record->header.body_octets});
    octets += record->head.size();
  }
  page.next = {segment, walk.position()};
  damaged_ += walk.damaged();
  TRY_VOID(check_generation(*file, one));
  return all || walk.position() >= end;
}

JournalResult<std::shared_ptr<const FileJournalReader::LoadedIndex>> FileJournalReader::index_of(io::File& file,
                                                                                              const SegmentEntry& one) {
  {
    const std::lock_guard lock(mutex_);
    if (index_ && index_->number == one.header.number) return index_;
  }
  auto loaded = std::make_shared<LoadedIndex>();
  loaded->number = one.header.number;
  loaded->octets.resize(one.footer->index_octets);
  HIKYAKU_TRY_DISK(got, file.read_at(one.footer->index_at, loaded->octets));
  loaded->octets.resize(got);
  std::optional<std::vector<IndexEntry>> entries;
  if (checksum(loaded->octets, one.header.nonce) == one.footer->index_checksum)
    entries = parse_index(loaded->octets, one.footer->end);
  if (!entries) {
    TRY_VOID(check_generation(file, one));
    // A seal whose flush failed, or rot. The records tell the same, more slowly: nothing is lost.
    return std::shared_ptr<const LoadedIndex>{};
  }
  loaded->entries = *std::move(entries);
  const std::lock_guard lock(mutex_);
  index_ = loaded;
  return index_;
}

JournalResult<bool> FileJournalReader::was_sealed(const SegmentEntry& one) {
  TRY(file, open_slot(one.slot));
  std::string block(512, '\0');
  HIKYAKU_TRY_DISK(got, file->read_at(one.header.segment_octets - block_octets, block));
  const auto footer = parse_segment_footer(std::string_view(block).substr(0, got), one.header);
  if (!footer) return false;
  TRY(end, durable_end());
  // Sealed between the two looks, with records this call did not see: the next call finds them.
  if (end.segment.value() == one.header.number && end.offset < footer->end) return false;
  const std::lock_guard lock(mutex_);
  if (const auto at = table_.segments.find(one.header.number); at != table_.segments.end()) at->second.footer = footer;
  return true;
}

JournalResult<FileJournalReader::FileHandle> FileJournalReader::open_slot(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find(files_, slot, [](const auto& one) { return one.first; });
  if (at != files_.end()) {
    files_.splice(files_.begin(), files_, at);
    return at->second;
  }
  auto opened = folder_.disk().open(folder_.slot_file(slot), io::OpenMode::Read);
  if (!opened && opened.error().kind == io::DiskFailure::NotFound)
    return failure(JournalError{JournalFailure::Gone, opened.error().what});
  if (!opened) return failure(journal_error(opened.error()));
  files_.emplace_front(slot, *std::move(opened));
  if (files_.size() > most_open_) files_.pop_back();
  return files_.front().second;
}

JournalResult<SegmentEntry> FileJournalReader::entry(SegmentNumber number) {
  const std::lock_guard lock(mutex_);
  if (released_.contains(number.value())) return failure(gone(number));
  auto at = table_.segments.find(number.value());
  if (at == table_.segments.end()) {
    TRY_VOID(refresh());
    at = table_.segments.find(number.value());
    if (at == table_.segments.end()) return failure(gone(number));
  }
  return at->second;
}

JournalResult<> FileJournalReader::check_generation(io::File& file, const SegmentEntry& one) const {
  char octets[64];
  HIKYAKU_TRY_DISK(got, file.read_at(0, octets));
  const auto header = parse_segment_header({octets, got});
  if (!header || header->number != one.header.number) return failure(gone(SegmentNumber{one.header.number}));
  return {};
}

JournalResult<FileJournalReader::Found> FileJournalReader::find(Position at, std::uint64_t octets_wanted) {
  TRY(end, durable_end());
  if (at >= end) return failure(JournalError{JournalFailure::Damaged, "a position beyond the durable end"});
  TRY(one, entry(at.segment));
  TRY(file, open_slot(one.slot));
  const auto room = one.header.segment_octets - block_octets;
  Found found{one, file, {}, {}};
  // In one read, nearly always.
  found.octets.resize(std::min(room - std::min<std::uint64_t>(at.offset, room),
                               record_header_octets + likely_head_octets + octets_wanted));
  HIKYAKU_TRY_DISK(got, file->read_at(at.offset, found.octets));
  found.octets.resize(got);
  const auto header = parse_record_header(found.octets, one.header.number, at.offset, room);
  if (!header) {
    TRY_VOID(check_generation(*file, one));
    return failure(damaged_at(at, "header"));
  }
  found.header = *header;
  const auto head_end = record_header_octets + header->head_octets;
  if (found.octets.size() < head_end) {
    found.octets.resize(head_end);
    HIKYAKU_TRY_DISK(more, file->read_at(at.offset, found.octets));
    found.octets.resize(more);
  }
  if (found.octets.size() < head_end ||
      !head_is_whole(std::string_view(found.octets).substr(0, head_end), one.header.nonce)) {
    TRY_VOID(check_generation(*file, one));
    return failure(damaged_at(at, "head"));
  }
  return found;
}

JournalResult<std::string> FileJournalReader::head(Position at) {
  TRY(found, find(at, 0));
  TRY_VOID(check_generation(*found.file, found.entry));
  return found.octets.substr(record_header_octets, found.header.head_octets);
}

JournalResult<BodyChecksum> FileJournalReader::body_checksum(Position at) {
  TRY(found, find(at, 0));
  TRY_VOID(check_generation(*found.file, found.entry));
  return BodyChecksum{found.header.body_octets, found.entry.header.nonce, found.header.body_checksum};
}

JournalResult<std::string> FileJournalReader::body(Position at, std::uint64_t offset, std::uint64_t octets) {
  constexpr std::uint64_t small = 256 << 10;
  TRY(found, find(at, offset == 0 && octets <= small ? octets : 0));
  const auto& header = found.header;
  const auto first = std::min<std::uint64_t>(offset, header.body_octets);
  const auto count = std::min<std::uint64_t>(octets, header.body_octets - first);
  const auto body_at = record_header_octets + header.head_octets;
  std::string text;
  if (found.octets.size() >= body_at + first + count) {
    text = std::move(found.octets);
    text.erase(0, body_at + first);
    text.resize(count);
  } else {
    text.resize(count);
    HIKYAKU_TRY_DISK(got, found.file->read_at(at.offset + body_at + first, text));
    text.resize(got);
  }
  TRY_VOID(check_generation(*found.file, found.entry));
  if (text.size() < count || (count == header.body_octets && checksum(text, found.entry.header.nonce) != header.body_checksum))
    return failure(damaged_at(at, "body"));
  return text;
}

std::optional<std::string> FileJournalReader::body_at_hand(Position at, std::uint64_t octets) {
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || released_.contains(at.segment.value())) return std::nullopt;
  const auto known = table_.segments.find(at.segment.value());
  if (known == table_.segments.end()) return std::nullopt;
  const auto segment = known->second.header;
  const auto opened = std::ranges::find(files_, known->second.slot, [](const auto& one) { return one.first; });
  if (opened == files_.end()) return std::nullopt;
  const auto file = opened->second;
  lock.unlock();
  const auto room = segment.segment_octets - block_octets;
  std::string text(record_header_octets + likely_head_octets + octets, '\0');
  text.resize(file->read_cached(at.offset, text));
  const auto header = parse_record_header(text, at.segment.value(), at.offset, room);
  if (!header || header->body_octets != octets) return std::nullopt;
  const auto body_at = record_header_octets + std::uint64_t{header->head_octets};
  if (text.size() < body_at + octets) return std::nullopt;
  text.resize(body_at + octets);
  text.erase(0, body_at);
  // Seeded by what no other generation of this file has: what was written over the segment meanwhile does not match.
  if (checksum(text, segment.nonce) != header->body_checksum) return std::nullopt;
  return text;
}

JournalResult<std::vector<SegmentNumber>> FileJournalReader::finished_segments() {
  const std::lock_guard lock(mutex_);
  TRY_VOID(refresh());
  std::vector<SegmentNumber> finished;
  for (const auto& [number, one] : table_.segments)
    if (!released_.contains(number) && table_.settled_end(number)) finished.emplace_back(number);
  return finished;
}

JournalResult<std::vector<SegmentFacts>> FileJournalReader::segments() {
  TRY(end, durable_end());
  const std::lock_guard lock(mutex_);
  TRY_VOID(refresh_until(end));
  std::vector<SegmentFacts> all;
  for (const auto& [number, one] : table_.segments) {
    if (released_.contains(number) || number > end.segment.value()) continue;
    all.push_back({SegmentNumber{number}, one.header.nonce, table_.settled_end(number),
                   one.footer ? std::optional(one.footer->records) : std::nullopt});
  }
  return all;
}

// What the table lacks: each header names the segment before it and its end, and the published position the last one of all.
std::set<std::uint64_t> FileJournalReader::missing_of_table(const std::optional<PublishedPosition>& published) const {
  std::set<std::uint64_t> missing;
  const auto look_for = [&](std::uint64_t number, std::uint32_t end) {
    if (number != 0 && end > block_octets && !table_.segments.contains(number) && !released_.contains(number)) missing.emplace(number);
  };
  for (const auto& [number, one] : table_.segments) look_for(one.header.previous, one.header.previous_end);
  if (published) look_for(published->durable_end.segment.value(), published->durable_end.offset);
  return missing;
}

JournalResult<std::vector<SegmentNumber>> FileJournalReader::missing_segments() {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentNumber> all;
  if (!released_is_known_) return all;
  TRY(published, folder_.read_position());  // before the table: what it names was there by then
  TRY_VOID(refresh());
  const auto missing = missing_of_table(published);
  if (missing.empty()) return all;
  // Its owner goes on meanwhile: a segment may have begun in a file after the table's reader had passed it, and ended.
  TRY_VOID(refresh());
  for (const auto number : missing_of_table(published))
    if (missing.contains(number)) all.emplace_back(number);
  return all;
}

// Numbers that never held anything, before `segment`, count as released with it: the ranges stay few. One whose file was taken away does not, since it may be put
// back; where it is not known what was released, all that is not there does.
std::uint64_t FileJournalReader::first_that_goes_with(SegmentNumber segment) const {
  const auto one = table_.segments.find(segment.value());
  if (one == table_.segments.end()) return segment.value();
  const auto before = one == table_.segments.begin() ? 0 : std::prev(one)->first + 1;
  if (!released_is_known_) return before;
  const auto& header = one->second.header;
  const bool held_something = header.previous != 0 && header.previous_end > block_octets;
  return std::min(segment.value(), std::max(before, held_something ? header.previous + 1 : header.previous));
}

JournalResult<> FileJournalReader::release(SegmentNumber segment) {
  const std::lock_guard lock(mutex_);
  if (released_.contains(segment.value())) return {};
  TRY_VOID(refresh());
  auto next = released_;
  next.add(first_that_goes_with(segment), segment.value() + 1);
  TRY_VOID(folder_.write_released(next));
  released_ = std::move(next);
  if (index_ && index_->number == segment.value()) index_.reset();
  // A descriptor of it would keep the disk space of a file that the writer removes.
  if (const auto one = table_.segments.find(segment.value()); one != table_.segments.end())
    std::erase_if(files_, [slot = one->second.slot](const auto& file) { return file.first == slot; });
  return {};
}

JournalResult<std::unique_ptr<JournalReader>> open_file_journal_reader(io::Disk& disk, std::string_view folder,
                                                                       FileJournalOptions options) {
  auto reader = std::make_unique<FileJournalReader>(disk, folder, options);
  TRY_VOID(reader->load());
  return reader;
}

}  // namespace hikyaku::storage
