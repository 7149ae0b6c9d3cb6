// DeliveryLog ("domains"): deliver's own log over a journal, and the state it tells. A record is applied to the state only
// when it is written; snapshots let old segments go and keep a restart short.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/spool/delivery_state.h"
#include "storage/file_journal.h"

namespace hikyaku::spool {

using DeadTexts = std::vector<std::pair<TraceId, Held>>;

// write, flush, snapshot and tend: one thread at a time. with_state: any.
class DeliveryLog {
 public:
  // Takes the log over and replays it. NotOwner while another process has it: this lock is the spool's.
  static SpoolResult<std::unique_ptr<DeliveryLog>> open(io::Disk& disk, std::string folder,
                                                        const storage::FileJournalOptions& options);

  // One atomic group: with the operating system and in the state when it returns; on disk after flush(). After an error
  // the state is as before.
  SpoolResult<> write(const std::vector<LogRecord>& group, DeadTexts& dead);
  // After an error what was written is kept and written again with the next call: the state never runs ahead for long.
  SpoolResult<> flush();
  [[nodiscard]] bool has_unflushed() const;
  // Writes the whole state beside the log and gives the log's segments back, when the log has grown by more than
  // `every_octets` and by more than the last snapshot's size.
  SpoolResult<> snapshot_if_due(std::uint64_t every_octets);
  SpoolResult<> tend();

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
  SpoolResult<> replay();
  SpoolResult<storage::SegmentNumber> load_snapshot();
  SpoolResult<> write_encoded(const std::vector<std::string>& group);
  SpoolResult<> repeat_lost();

  io::Disk& disk_;
  const std::string folder_;
  const std::unique_ptr<storage::JournalWriter> journal_;
  const std::unique_ptr<storage::JournalReader> reader_;
  mutable std::mutex state_mutex_;
  DeliveryState state_;
  mutable std::mutex unflushed_mutex_;
  std::vector<std::vector<std::string>> unflushed_;  // groups, in order
  bool lost_ = false;                                // the journal gave them up: to be written again
  std::uint64_t octets_since_snapshot_ = 0, snapshot_octets_ = 0;
};

}  // namespace hikyaku::spool
