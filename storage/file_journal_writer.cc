#include "storage/file_journal_writer.h"

#include <array>
#include <random>

#include "storage/journal_recovery.h"

namespace hikyaku::storage {
namespace {
constexpr std::array<char, block_octets> zeros{};
constexpr std::uint64_t fixed_octets = 4 * block_octets;  // header, footer, and what alignment may waste

JournalError not_owner(const JournalFolder& folder) {
  return {JournalFailure::NotOwner, folder.path() + ": this writer was closed"};
}
std::string_view padding_to(std::uint64_t from, std::uint64_t alignment) {
  return {zeros.data(), static_cast<std::size_t>(align_up(from, alignment) - from)};
}
}  // namespace

std::uint64_t octets_of(const Record& record) {
  std::uint64_t octets = 2 * record.head.size() + 128;
  for (const auto part : record.body) octets += part.size();
  return octets;
}

FileJournalWriter::FileJournalWriter(io::Disk& disk, std::string_view folder, FileJournalOptions options)
    : options_(options), folder_(disk, folder), pool_(folder_, options_), nonce_state_(options.nonce_seed) {}

FileJournalWriter::~FileJournalWriter() { (void)close(); }

JournalResult<> FileJournalWriter::take_over() {
  TRY_VOID(folder_.make());
  HIKYAKU_TRY_DISK(lock, folder_.disk().open(folder_.file("lock"), io::OpenMode::Create));
  HIKYAKU_TRY_DISK_VOID(lock->try_lock());
  lock_ = std::move(lock);
  TRY_VOID(folder_.remove_unfinished());
  TRY(taken, take_over_journal(folder_, options_.index));
  token_ = taken.token;
  damaged_ = taken.damaged;
  next_number_ = taken.last.segment.value() + 1;
  previous_ = taken.last.segment.value();
  previous_end_ = taken.last.offset;
  TRY_VOID(pool_.load(taken.table, taken.released));
  HIKYAKU_TRY_DISK(position, folder_.disk().open(folder_.file("position"), io::OpenMode::Create));
  position_ = std::move(position);
  closed_ = false;
  if (previous_ != 0) publish();
  return {};
}

std::uint64_t FileJournalWriter::largest_group() const { return options_.segment_octets - fixed_octets; }

bool FileJournalWriter::fits(std::span<const Record> group) const {
  std::uint64_t octets = fixed_octets - 2 * block_octets;
  for (const auto& record : group) octets += octets_of(record);
  return open_->end + open_->index.size() + octets + block_octets <= open_->header.segment_octets;
}

JournalResult<std::vector<Position>> FileJournalWriter::append(std::span<const Record> group) {
  auto written = write(group);
  if (!written) return written;
  TRY_VOID(flush());
  return written;
}

JournalResult<std::vector<Position>> FileJournalWriter::write(std::span<const Record> group) {
  if (closed_) return failure(not_owner(folder_));
  std::uint64_t octets = 0;
  for (const auto& record : group) {
    octets += octets_of(record);
    if (record.head.size() > largest_head_octets)
      return failure(JournalError{JournalFailure::TooLarge, "a record's head has more than 1 MiB"});
  }
  if (octets > largest_group())
    return failure(JournalError{JournalFailure::TooLarge, "a group of records is larger than a segment"});
  if (group.empty()) return std::vector<Position>{};
  TRY_VOID(pool_.check_space());
  if (open_ && !fits(group)) TRY_VOID(seal());
  if (!open_) TRY_VOID(open_next());

  // A batch begins at a block of its own; what follows in the batch continues where it stopped.
  auto& segment = *open_;
  const auto start = segment.in_batch ? segment.end : static_cast<std::uint32_t>(align_up(segment.end, block_octets));
  std::vector<Position> positions;
  positions.reserve(group.size());
  scratch_.clear();
  std::size_t scratch_octets = 0;
  for (const auto& record : group) scratch_octets += record_header_octets + record.head.size();
  scratch_.reserve(scratch_octets);  // views into it stay good
  parts_.clear();
  std::string index;
  auto at = start;
  for (const auto& record : group) {
    RecordHeader header;
    header.first_of_batch = !segment.in_batch && &record == &group.front();
    header.last_of_group = &record == &group.back();
    header.head_octets = static_cast<std::uint32_t>(record.head.size());
    header.generation = segment.header.number;
    header.offset = at;
    header.previous_end = header.first_of_batch ? segment.durable_end : 0;
    body_sum_.start(segment.header.nonce);
    for (const auto part : record.body) {
      header.body_octets += static_cast<std::uint32_t>(part.size());
      body_sum_.add(part);
    }
    header.body_checksum = body_sum_.value();
    const auto scratch_at = scratch_.size();
    encode(header, record.head, segment.header.nonce, scratch_);
    parts_.push_back(std::string_view(scratch_).substr(scratch_at));
    parts_.insert(parts_.end(), record.body.begin(), record.body.end());
    parts_.push_back(padding_to(record_header_octets + header.head_octets + header.body_octets, 8));
    if (options_.index == HeadIndex::Written) add_to_index(index, {at, header.body_octets, record.head});
    positions.push_back({SegmentNumber{segment.header.number}, at});
    at += static_cast<std::uint32_t>(header.octets());
  }
  // To the end of the block, so that the kernel need not read the old one first.
  parts_.push_back(padding_to(at, block_octets));
  if (auto written = segment.file->write_at(start, parts_); !written) {
    auto error = journal_error(written.error());
    if (segment.in_batch && error.kind == JournalFailure::NoSpace) error.kind = JournalFailure::FlushFailed;  // earlier groups go with it
    abandon();
    return failure(std::move(error));
  }
  segment.in_batch = true;
  segment.end = at;
  segment.records += static_cast<std::uint32_t>(group.size());
  segment.index += index;
  seed_ = segment.header.nonce;
  return positions;
}

JournalResult<> FileJournalWriter::flush_file(io::File& file) {
  flushes_.fetch_add(1, std::memory_order_relaxed);
  auto flushed = file.flush();
  if (!flushed) return failure(JournalError{JournalFailure::FlushFailed, flushed.error().what});
  return {};
}

JournalResult<> FileJournalWriter::flush() {
  if (closed_) return failure(not_owner(folder_));
  if (!open_ || !open_->in_batch) return {};
  if (auto flushed = flush_file(*open_->file); !flushed) {
    abandon();
    return flushed;
  }
  open_->durable_end = open_->end;
  open_->in_batch = false;
  publish();
  return {};
}

void FileJournalWriter::abandon() {
  previous_ = open_->header.number;
  previous_end_ = open_->durable_end;
  pool_.ended_by_successor(previous_);
  open_.reset();
  // At once: until the next header is on disk, a new owner could take the void records for good ones.
  (void)open_next();
}

JournalResult<> FileJournalWriter::open_next() {
  // Still the owner? Asking again for a lock one has costs nothing; a successor's segments must not be touched.
  HIKYAKU_TRY_DISK_VOID(lock_->try_lock());
  TRY(taken, pool_.take());
  auto next = std::make_unique<Open>();
  next->slot = taken.slot;
  next->file = std::move(taken.file);
  next->header = {next_number_++, token_, options_.segment_octets, draw_nonce(), previous_, previous_end_};
  // The generation is on disk before the first record is: a reader of the old ones finds out, whatever happens.
  auto written = next->file->write_at(0, encode(next->header));
  if (!written) {
    pool_.distrust(next->slot);
    return failure(journal_error(written.error()));
  }
  if (auto flushed = flush_file(*next->file); !flushed) {
    pool_.distrust(next->slot);
    return flushed;
  }
  pool_.now_holds(next->slot, next->header.number);
  open_ = std::move(next);
  return {};
}

JournalResult<> FileJournalWriter::seal() {
  if (closed_) return failure(not_owner(folder_));
  TRY_VOID(flush());
  if (!open_) return {};
  auto& segment = *open_;
  auto sealed = write_footer(*segment.file, segment.header, segment.durable_end, segment.index, segment.records);
  if (sealed) sealed = flush_file(*segment.file);
  if (!sealed) {
    abandon();  // all its records are durable; only its end is told otherwise
    return sealed;
  }
  previous_ = segment.header.number;
  previous_end_ = segment.durable_end;
  open_.reset();
  return {};
}

void FileJournalWriter::publish() {
  const Position end = open_ ? Position{SegmentNumber{open_->header.number}, open_->durable_end}
                             : Position{SegmentNumber{previous_}, previous_end_};
  // A failure only delays readers until the next one.
  (void)position_->write_at(0, encode(PublishedPosition{end, token_}));
}

JournalResult<std::vector<SegmentNumber>> FileJournalWriter::tend_pool() {
  if (closed_) return failure(not_owner(folder_));
  HIKYAKU_TRY_DISK_VOID(lock_->try_lock());
  return pool_.tend();
}

JournalResult<> FileJournalWriter::close() {
  if (closed_) return {};
  auto sealed = seal();
  closed_ = true;
  open_.reset();
  lock_.reset();
  return sealed;
}

std::uint64_t FileJournalWriter::draw_nonce() {
  if (options_.nonce_seed == 0) {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
  }
  return nonce_state_ = checksum(std::string_view(reinterpret_cast<const char*>(&nonce_state_), 8), token_);
}

JournalResult<> settle_file_journal(io::Disk& disk, std::string_view path, FileJournalOptions options) {
  const JournalFolder folder(disk, path);
  auto lock = disk.open(folder.file("lock"), io::OpenMode::ReadWrite);
  if (!lock && lock.error().kind == io::DiskFailure::NotFound) return {};
  if (!lock) return failure(journal_error(lock.error()));
  if (auto locked = (*lock)->try_lock(); !locked) {
    if (locked.error().kind == io::DiskFailure::Busy) return {};  // it has an owner, who does it
    return failure(journal_error(locked.error()));
  }
  TRY(taken, take_over_journal(folder, options.index));
  if (taken.last.segment.value() == 0) return {};
  HIKYAKU_TRY_DISK(position, disk.open(folder.file("position"), io::OpenMode::Create));
  HIKYAKU_TRY_DISK_VOID(position->write_at(0, encode(PublishedPosition{taken.last, taken.token})));
  return {};
}

JournalResult<std::unique_ptr<JournalWriter>> open_file_journal(io::Disk& disk, std::string_view folder,
                                                                FileJournalOptions options) {
  auto writer = std::make_unique<FileJournalWriter>(disk, folder, options);
  TRY_VOID(writer->take_over());
  return writer;
}

}  // namespace hikyaku::storage
