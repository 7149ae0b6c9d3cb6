#include "services/spool/delivery_log.h"

#include "base/check.h"
#include "base/checksum.h"
#include "base/wire.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr std::uint32_t format_1 = 1;
constexpr std::uint64_t flush_cost_octets = 4096;  // each batch begins a block of its own
constexpr std::uint64_t largest_format_1_octets = 16ULL << 30;
constexpr std::uint64_t quiet_octets = 1 << 20;  // so much log is worth a snapshot when nothing else happens
constexpr std::uint32_t quiet_enough = 60;       // looks, a second each
constexpr std::size_t incoming_block_octets = 1 << 20;
constexpr HeldTable::Slot slots_of_a_block = 2048;

std::string snapshot_file(const std::string& folder) { return folder + "/snapshot"; }
}  // namespace

SpoolResult<std::unique_ptr<DeliveryLog>> DeliveryLog::open(io::Disk& disk, std::string folder,
                                                            const storage::FileJournalOptions& options) {
  HIKYAKU_SPOOL_DISK(journal, storage::open_file_journal(disk, folder, options));
  HIKYAKU_SPOOL_DISK(reader, storage::open_file_journal_reader(disk, folder, options));
  auto log = std::unique_ptr<DeliveryLog>(new DeliveryLog(disk, std::move(folder), std::move(journal), std::move(reader)));
  TRY_VOID(log->load(Half::Incoming));
  log->state_.incoming.start_new_life();
  return log;
}

DeliveryLog::DeliveryLog(io::Disk& disk, std::string folder, std::unique_ptr<storage::JournalWriter> journal,
                         std::unique_ptr<storage::JournalReader> reader)
    : disk_(disk), folder_(std::move(folder)), journal_(std::move(journal)), reader_(std::move(reader)) {}

// ---- reading ------------------------------------------------------------------------------------------------------

SpoolResult<> DeliveryLog::load_holding(const std::function<SpoolResult<>(const HeldTable&)>& last) {
  const std::lock_guard one_at_a_time(load_mutex_);
  if (loaded_) return {};
  auto read = load(Half::Holding);
  if (read) read = last(state_.holding);  // nobody changes it yet
  if (!read) {
    const std::lock_guard lock(state_mutex_);
    state_.holding = HeldTable();
    return read;
  }
  loaded_.store(true, std::memory_order_release);
  return {};
}

SpoolResult<> DeliveryLog::load(Half half) {
  TRY(covered, load_snapshot(half));
  return replay(covered, half);
}

void DeliveryLog::apply_loaded(const LogRecord& record, Half half) {
  DeadTexts dead;
  const std::lock_guard lock(state_mutex_);
  if (half == Half::Incoming) state_.incoming.apply(record);
  else state_.apply_to_holding(record, dead);
}

SpoolResult<> DeliveryLog::apply_texts(std::string_view texts, Half half) {
  WireReader in(texts);
  while (!in.broken() && !in.rest().empty()) {
    const auto record = decode_log_record(in.text());
    if (!record) break;
    apply_loaded(*record, half);
  }
  if (!in.complete()) return failure(SpoolError{SpoolFailure::Damaged, snapshot_file(folder_) + " is damaged"});
  return {};
}

SpoolResult<storage::SegmentNumber> DeliveryLog::load_format_1(Half half) {
  HIKYAKU_SPOOL_DISK(octets, io::read_file(disk_, snapshot_file(folder_), largest_format_1_octets));
  const SpoolError damaged{SpoolFailure::Damaged, snapshot_file(folder_) + " is damaged"};
  if (octets.size() < 8) return failure(damaged);
  const auto content = std::string_view(octets).substr(0, octets.size() - 8);
  if (WireReader(std::string_view(octets).substr(content.size())).u64() != checksum(content)) return failure(damaged);
  WireReader in(content);
  if (in.u32() != format_1) return failure(damaged);
  const storage::SegmentNumber covered{in.u64()};
  TRY_VOID(apply_texts(in.rest(), half));
  return covered;
}

SpoolResult<storage::SegmentNumber> DeliveryLog::load_snapshot(Half half) {
  auto opened = SnapshotReader::open(disk_, snapshot_file(folder_));
  if (!opened && opened.error().kind == io::DiskFailure::NotFound) return storage::SegmentNumber{0};
  if (!opened) return failure(spool_error(opened.error()));
  auto& reader = **opened;
  snapshot_octets_ = reader.octets();
  if (!reader.is_format_2()) return load_format_1(half);
  TRY(header, reader.next());
  const SpoolError damaged{SpoolFailure::Damaged, snapshot_file(folder_) + " is damaged"};
  if (header.kind != BlockKind::Header) return failure(damaged);
  const storage::SegmentNumber covered{WireReader(header.content).u64()};
  for (;;) {
    TRY(block, reader.next());
    if (block.kind == BlockKind::End) return covered;
    if (block.kind == BlockKind::Incoming) {
      if (half == Half::Incoming) TRY_VOID(apply_texts(block.content, half));
      continue;
    }
    if (half == Half::Incoming) return covered;  // what concerns it comes first
    const std::lock_guard lock(state_mutex_);
    const bool sound = block.kind == BlockKind::Holding       ? state_.holding.unpack(block.content)
                       : block.kind == BlockKind::HoldingRows ? state_.holding.unpack_rows(block.content)
                                                              : false;
    if (!sound) return failure(damaged);
  }
}

SpoolResult<> DeliveryLog::replay(storage::SegmentNumber covered, Half half) {
  storage::Position from{storage::SegmentNumber{covered.value() + 1}, 0};
  for (;;) {
    HIKYAKU_SPOOL_DISK(page, reader_->heads(from, 10'000));
    for (const auto& one : page.heads) {
      if (half == Half::Incoming) octets_since_snapshot_ += one.head.size();
      if (half == Half::Incoming && !may_concern_incoming(one.head)) continue;
      const auto record = decode_log_record(one.head);
      if (!record) return failure(SpoolError{SpoolFailure::Damaged, folder_ + ": a record of the log makes no sense"});
      apply_loaded(*record, half);
    }
    if (page.next == from) return {};
    from = page.next;
  }
}

// ---- writing ------------------------------------------------------------------------------------------------------

SpoolResult<> DeliveryLog::write_encoded(const std::vector<std::string>& group) {
  std::vector<storage::Record> records;
  records.reserve(group.size());
  for (const auto& one : group) records.push_back({one, {}});
  HIKYAKU_SPOOL_VOID(journal_->write(records));
  return {};
}

SpoolResult<> DeliveryLog::repeat_lost() {
  if (!lost_) return {};
  for (const auto& group : unflushed_) TRY_VOID(write_encoded(group));
  lost_ = false;
  return {};
}

SpoolResult<> DeliveryLog::write(const std::vector<LogRecord>& group, DeadTexts& dead) {
  for (const auto& one : group) check(loaded_ || !concerns_holding(one), "holding is changed before it was read");
  std::vector<std::string> encoded;
  encoded.reserve(group.size());
  for (const auto& one : group) encoded.push_back(encode(one));
  {
    const std::lock_guard lock(unflushed_mutex_);
    if (auto written = repeat_lost(); !written) return written;
    if (auto written = write_encoded(encoded); !written) {
      lost_ = written.error().kind != SpoolFailure::NoSpace && written.error().kind != SpoolFailure::TooLarge;
      return written;
    }
    for (const auto& one : encoded) octets_since_snapshot_ += one.size();
    quiet_looks_ = 0;
    unflushed_.push_back(std::move(encoded));
  }
  const std::lock_guard lock(state_mutex_);
  for (const auto& one : group) {
    if (loaded_) state_.apply(one, dead);
    else state_.incoming.apply(one);
  }
  return {};
}

SpoolResult<> DeliveryLog::flush() {
  const std::lock_guard lock(unflushed_mutex_);
  if (unflushed_.empty()) return {};
  TRY_VOID(repeat_lost());
  if (auto flushed = journal_->flush(); !flushed) {
    lost_ = true;
    return failure(spool_error(flushed.error()));
  }
  unflushed_.clear();
  octets_since_snapshot_ += flush_cost_octets;
  return {};
}

bool DeliveryLog::has_unflushed() const {
  const std::lock_guard lock(unflushed_mutex_);
  return !unflushed_.empty();
}

SpoolResult<std::optional<DeliveryLog::Snapshot>> DeliveryLog::begin_snapshot(std::uint64_t every_octets) {
  if (!loaded_) return std::nullopt;
  {
    const std::lock_guard lock(unflushed_mutex_);
    const bool grown = octets_since_snapshot_ > std::max(every_octets, snapshot_octets_ / 4);
    const bool quiet = ++quiet_looks_ > quiet_enough && octets_since_snapshot_ > quiet_octets;
    if (!grown && !quiet) return std::nullopt;
  }
  TRY_VOID(flush());
  HIKYAKU_SPOOL_VOID(journal_->seal());
  HIKYAKU_SPOOL_DISK(finished, reader_->finished_segments());
  if (finished.empty()) return std::nullopt;
  WireWriter out;
  with_state([&](const DeliveryState& state) {
    state.incoming.for_each_record([&](const LogRecord& record) { out.text(encode(record)); });
    return 0;
  });
  const std::lock_guard lock(unflushed_mutex_);
  return Snapshot{std::move(finished), std::move(out).bytes(), std::exchange(octets_since_snapshot_, 0)};
}

SpoolResult<> DeliveryLog::write_snapshot(const Snapshot& snapshot) {
  if (auto written = write_parts(snapshot); !written) {
    const std::lock_guard lock(unflushed_mutex_);
    octets_since_snapshot_ += snapshot.log_octets;  // still due
    return written;
  }
  for (const auto segment : snapshot.covered) HIKYAKU_SPOOL_VOID(reader_->release(segment));
  return {};
}

SpoolResult<> DeliveryLog::write_parts(const Snapshot& snapshot) {
  TRY(file, SnapshotWriter::create(disk_, snapshot_file(folder_)));
  WireWriter header;
  header.u64(snapshot.covered.back().value());
  TRY_VOID(file->add(BlockKind::Header, header.bytes()));
  WireReader records(snapshot.incoming);
  for (WireWriter block; !records.rest().empty() || !block.bytes().empty();) {
    if (!records.rest().empty()) block.text(records.text());
    if (!records.rest().empty() && block.bytes().size() < incoming_block_octets) continue;
    TRY_VOID(file->add(BlockKind::Incoming, block.bytes()));
    block = WireWriter();
  }
  for (HeldTable::Slot from = 0;;) {
    WireWriter block;
    const auto next = with_state([&](const DeliveryState& state) { return state.holding.pack(from, slots_of_a_block, block); });
    if (next == from) break;
    if (!block.bytes().empty()) TRY_VOID(file->add(BlockKind::Holding, block.bytes()));
    from = next;
  }
  TRY_VOID(file->finish());
  snapshot_octets_ = file->octets();
  return {};
}

SpoolResult<> DeliveryLog::tend() {
  HIKYAKU_SPOOL_VOID(journal_->tend_pool());
  return {};
}

}  // namespace hikyaku::spool
