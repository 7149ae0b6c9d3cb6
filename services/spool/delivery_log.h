// DeliveryLog ("domains"): deliver's own log over a journal, and the state it tells. A record is applied to the state only
// when it is written; snapshots let old segments go and keep a restart short.
//
// Opening reads what is settled in incoming and nothing else, so that fresh mail need not wait for a long queue;
// load_holding() reads the rest. A snapshot is written in parts while outcomes go on: each part is as new as the moment
// it was taken, and the log from its beginning on, read over it, gives the same state again, whatever it had already.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/spool/delivery_state.h"
#include "services/spool/snapshot_file.h"
#include "storage/file_journal.h"

namespace hikyaku::spool {

// write, flush, begin_snapshot and tend: one thread at a time. write_snapshot: one, beside them. with_state and
// load_holding: any.
class DeliveryLog {
 public:
  // Takes the log over and reads what concerns incoming. NotOwner while another process has it: this lock is the spool's.
  static SpoolResult<std::unique_ptr<DeliveryLog>> open(io::Disk& disk, std::string folder,
                                                        const storage::FileJournalOptions& options);

  // Reads the rest: until then the state's half about holding is empty, and no record that changes it may be written. Once;
  // others wait. `last` is the caller's share of it, with the whole table. After an error it is as before and may be tried
  // again.
  SpoolResult<> load_holding(const std::function<SpoolResult<>(const HeldTable&)>& last);
  [[nodiscard]] bool holding_is_loaded() const { return loaded_.load(std::memory_order_acquire); }

  // One atomic group: with the operating system and in the state when it returns; on disk after flush(). After an error
  // the state is as before.
  SpoolResult<> write(const std::vector<LogRecord>& group, DeadTexts& dead);
  // After an error what was written is kept and written again with the next call: the state never runs ahead for long.
  SpoolResult<> flush();
  [[nodiscard]] bool has_unflushed() const;
  // A snapshot that is due, because the log has grown by more than `every_octets` and by a quarter of the last snapshot, or
  // because nothing more happens: the log up to it is closed.
  struct Snapshot {
    std::vector<storage::SegmentNumber> covered;  // not empty
    std::string incoming;                         // log records
    std::uint64_t log_octets = 0;                 // it stands for
  };
  SpoolResult<std::optional<Snapshot>> begin_snapshot(std::uint64_t every_octets);
  // Writes it, and gives the segments it covers back. Takes as long as the state is large; holds no lock for long.
  SpoolResult<> write_snapshot(const Snapshot& snapshot);
  SpoolResult<> tend();

  template <class F>
  auto change_holding(F use) {  // nothing that the log tells: the arena's order
    const std::lock_guard lock(state_mutex_);
    return use(state_.holding);
  }
  template <class F>
  auto with_state(F use) const {
    const std::lock_guard lock(state_mutex_);
    return use(static_cast<const DeliveryState&>(state_));
  }
  [[nodiscard]] std::uint64_t damaged_records() const { return reader_->damaged_records() + journal_->damaged_records(); }
  [[nodiscard]] std::uint64_t flush_count() const { return journal_->flush_count(); }

 private:
  DeliveryLog(io::Disk& disk, std::string folder, std::unique_ptr<storage::JournalWriter> journal,
              std::unique_ptr<storage::JournalReader> reader);
  SpoolResult<> write_parts(const Snapshot& snapshot);
  enum class Half : std::uint8_t { Incoming, Holding };
  SpoolResult<> load(Half half);
  SpoolResult<storage::SegmentNumber> load_snapshot(Half half);
  SpoolResult<storage::SegmentNumber> load_format_1(Half half);
  SpoolResult<> replay(storage::SegmentNumber covered, Half half);
  SpoolResult<> apply_texts(std::string_view texts, Half half);
  void apply_loaded(const LogRecord& record, Half half);
  SpoolResult<> write_encoded(const std::vector<std::string>& group);
  SpoolResult<> repeat_lost();

  io::Disk& disk_;
  const std::string folder_;
  const std::unique_ptr<storage::JournalWriter> journal_;
  const std::unique_ptr<storage::JournalReader> reader_;
  mutable std::mutex state_mutex_;
  DeliveryState state_;
  std::mutex load_mutex_;
  std::atomic<bool> loaded_{false};
  mutable std::mutex unflushed_mutex_;
  std::vector<std::vector<std::string>> unflushed_;  // groups, in order
  bool lost_ = false;                                // the journal gave them up: to be written again
  std::uint64_t octets_since_snapshot_ = 0;
  std::uint32_t quiet_looks_ = 0;  // calls of begin_snapshot since the last write
  std::atomic<std::uint64_t> snapshot_octets_{0};
};

}  // namespace hikyaku::spool
