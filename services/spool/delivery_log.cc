#include "services/spool/delivery_log.h"

#include "base/checksum.h"
#include "base/wire.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr std::uint32_t snapshot_format = 1;
constexpr std::uint64_t flush_cost_octets = 4096;  // each batch begins a block of its own
constexpr std::uint64_t largest_snapshot_octets = 16ULL << 30;

std::string snapshot_file(const std::string& folder) { return folder + "/snapshot"; }
}  // namespace

SpoolResult<std::unique_ptr<DeliveryLog>> DeliveryLog::open(io::Disk& disk, std::string folder,
                                                            const storage::FileJournalOptions& options) {
  HIKYAKU_SPOOL_DISK(journal, storage::open_file_journal(disk, folder, options));
  HIKYAKU_SPOOL_DISK(reader, storage::open_file_journal_reader(disk, folder, options));
  auto log = std::unique_ptr<DeliveryLog>(new DeliveryLog(disk, std::move(folder), std::move(journal), std::move(reader)));
  TRY_VOID(log->replay());
  return log;
}

DeliveryLog::DeliveryLog(io::Disk& disk, std::string folder, std::unique_ptr<storage::JournalWriter> journal,
                         std::unique_ptr<storage::JournalReader> reader)
    : disk_(disk), folder_(std::move(folder)), journal_(std::move(journal)), reader_(std::move(reader)) {}

SpoolResult<storage::SegmentNumber> DeliveryLog::load_snapshot() {
  auto octets = io::read_file(disk_, snapshot_file(folder_), largest_snapshot_octets);
  if (!octets && octets.error().kind == io::DiskFailure::NotFound) return storage::SegmentNumber{0};
  if (!octets) return failure(spool_error(octets.error()));
  const SpoolError damaged{SpoolFailure::Damaged, snapshot_file(folder_) + " is damaged"};
  if (octets->size() < 8) return failure(damaged);
  const auto content = std::string_view(*octets).substr(0, octets->size() - 8);
  if (WireReader(std::string_view(*octets).substr(content.size())).u64() != checksum(content)) return failure(damaged);
  WireReader in(content);
  if (in.u32() != snapshot_format) return failure(damaged);
  const storage::SegmentNumber covered{in.u64()};
  DeadTexts dead;
  while (!in.broken() && !in.rest().empty()) {
    const auto record = decode_log_record(in.text());
    if (!record) return failure(damaged);
    state_.apply(*record, dead);
  }
  snapshot_octets_ = octets->size();
  return covered;
}

SpoolResult<> DeliveryLog::replay() {
  TRY(covered, load_snapshot());
  storage::Position from{storage::SegmentNumber{covered.value() + 1}, 0};
  DeadTexts dead;
  for (;;) {
    HIKYAKU_SPOOL_DISK(page, reader_->heads(from, 10'000));
    for (const auto& one : page.heads) {
      const auto record = decode_log_record(one.head);
      if (!record) return failure(SpoolError{SpoolFailure::Damaged, folder_ + ": a record of the log makes no sense"});
      state_.apply(*record, dead);
      octets_since_snapshot_ += one.head.size();
    }
    if (page.next == from) break;
    from = page.next;
  }
  state_.start_new_life();
  return {};
}

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
    unflushed_.push_back(std::move(encoded));
  }
  const std::lock_guard lock(state_mutex_);
  for (const auto& one : group) state_.apply(one, dead);
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

SpoolResult<> DeliveryLog::snapshot_if_due(std::uint64_t every_octets) {
  if (octets_since_snapshot_ <= std::max(every_octets, snapshot_octets_)) return {};
  TRY_VOID(flush());
  HIKYAKU_SPOOL_VOID(journal_->seal());
  HIKYAKU_SPOOL_DISK(finished, reader_->finished_segments());
  if (finished.empty()) return {};
  WireWriter out;
  out.u32(snapshot_format).u64(finished.back().value());
  with_state([&](const DeliveryState& state) {
    state.for_each_record([&](const LogRecord& record) { out.text(encode(record)); });
    return 0;
  });
  out.u64(checksum(out.bytes()));
  HIKYAKU_SPOOL_VOID(io::replace_file(disk_, snapshot_file(folder_), out.bytes()));
  octets_since_snapshot_ = 0;
  snapshot_octets_ = out.bytes().size();
  for (const auto segment : finished) HIKYAKU_SPOOL_VOID(reader_->release(segment));
  return {};
}

SpoolResult<> DeliveryLog::tend() {
  HIKYAKU_SPOOL_VOID(journal_->tend_pool());
  return {};
}

}  // namespace hikyaku::spool
