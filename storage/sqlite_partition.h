// SqlitePartition: one partition of the embedded engine, as one process has it: the page it shares with others, one
// connection (opened when needed), its packs. Opening with recovery, commits, checkpoints and closing happen under the
// partition's fair lock; reads do not wait for it.
//
// Every call answers nothing (nullopt) when the partition was erased or moved from under it: nothing was done, ask the
// pool for it again.
#pragma once

#include <mutex>

#include "storage/blob_packs.h"
#include "storage/sqlite_commit.h"
#include "storage/sqlite_home.h"

namespace hikyaku::storage {

class SqlitePartition {
 public:
  template <class T = void>
  using Answer = std::optional<StoreResult<T>>;

  // Makes the folder and the page; opens no database.
  static StoreResult<std::shared_ptr<SqlitePartition>> open(const SqliteHome& home, const PartitionName& name);
  SqlitePartition(const SqliteHome& home, const PartitionName& name, std::shared_ptr<SharedPage> page);
  ~SqlitePartition();
  SqlitePartition(const SqlitePartition&) = delete;
  SqlitePartition& operator=(const SqlitePartition&) = delete;

  std::optional<GroupCommit::Outcomes> commit_group(const std::vector<Batch>& batches, Durability durability, const Fence& fence,
                                                    Deadline deadline);
  Answer<std::optional<std::string>> get(std::string_view key, Deadline deadline);
  Answer<Page> scan(const Scan& range, Deadline deadline);
  Answer<Version> version(Deadline deadline);
  Answer<> flush(Deadline deadline);
  Answer<> erase(Deadline deadline);
  // The packs, once the partition exists on disk.
  Answer<BlobPacks*> blobs(Deadline deadline);

  [[nodiscard]] bool stale() const;
  // Closes the connection if nobody uses it and the lock is free; false when somebody does.
  bool close_when_idle();

 private:
  // Both locks, in the one order: the fair one, then the connection's.
  struct Turn {
    Turn(SqlitePartition& partition, Deadline deadline);
    [[nodiscard]] bool held() const { return own.owns_lock(); }
    FairHold fair;
    std::unique_lock<std::timed_mutex> own;
  };
  StoreResult<> open_database(Deadline deadline);
  StoreResult<> make_names_durable();
  StoreResult<> empty_log(Deadline deadline);
  void close_database();
  template <class T, class Read>
  Answer<T> read(Deadline deadline, Read&& use);

  StoreResult<> prepare_to_write(Durability durability, Deadline deadline);
  StoreResult<> commit_transaction(Durability durability);
  StoreResult<> undo_log_growth(std::int64_t octets_before, StoreError error);
  StoreResult<> touch();
  StoreResult<> write_log_again();
  void checkpoint_when_due();
  GroupCommit::Outcomes run_group(const std::vector<Batch>& batches, Durability durability, const Fence& fence, Deadline deadline);
  [[nodiscard]] StoreError late() const;

  const SqliteHome& home_;
  const std::string folder_;
  const std::uint64_t hash_;
  std::shared_ptr<SharedPage> shared_;
  PartitionPage& page_;
  const std::uint32_t erasures_;  // when this object was made
  std::timed_mutex mutex_;        // guards what follows
  SqliteDatabase database_;
  SqliteRows rows_;
  Durability synchronous_ = Durability::Flushed;
  bool suspect_ = false;  // a call of SQLite failed: the connection is closed before its next use
  BlobPacks blobs_;
};

}  // namespace hikyaku::storage
