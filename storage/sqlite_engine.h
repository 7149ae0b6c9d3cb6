// SqliteEngine: the embedded Engine. One folder a partition under the root:
//
//   <root>/<partition>/index.sqlite (-wal, -shm)   rows and remembered requests
//   <root>/<partition>/pack-N                      bodies
//   <root>/<partition>/index.lock                  the page its users share: lock, what is unflushed
//   <root>/.leases/NAME, <root>/.watch-page        leases; versions and the bell
//
// Any number of processes may use one root of one machine. docs/adr/0004-sqlite-partitions.md says why it is so.
#pragma once

#include <condition_variable>
#include <thread>

#include "storage/engine.h"
#include "storage/lease_files.h"
#include "storage/partition_pool.h"
#include "storage/sqlite_home.h"
#include "storage/watch_dispatcher.h"

namespace hikyaku::storage {

class SqliteVfs;

struct SqliteOptions {
  Sharing sharing = Sharing::Processes;
  std::size_t open_partitions = 256;                      // three descriptors and some 150 KiB each
  Duration close_when_unused_for = std::chrono::seconds{5};  // zero: only when the engine ends (and no thread runs)
  std::uint32_t checkpoint_frames = 500;                  // of 4 KiB: how long a log may grow before it is copied
  std::uint64_t pack_octets = 64ULL << 20;
  // Bodies leave this much of the disk to the indexes and logs (rule 5 of the spool): NoSpace is answered for a body, of
  // which nothing is written then, before an index meets a full disk in the middle of a commit. Well below the
  // mark at which reception stops ([spool] reserve): delivery into mailboxes is what makes space again.
  std::uint64_t body_reserve_octets = 4ULL << 20;
  Limits limits;
};

class SqliteEngine final : public Engine {
 public:
  // Makes the root when missing. `disk` must outlive the engine; with Sharing::Processes it must be the real one.
  static StoreResult<std::unique_ptr<SqliteEngine>> open(io::Disk& disk, std::string root, SqliteOptions options = {});
  ~SqliteEngine() override;
  SqliteEngine(const SqliteEngine&) = delete;
  SqliteEngine& operator=(const SqliteEngine&) = delete;

  [[nodiscard]] const Limits& limits() const override { return home_.limits; }
  std::vector<StoreResult<Committed>> commit_group(const PartitionName& partition, std::vector<Batch> batches,
                                                   Durability durability, Deadline deadline) override;
  StoreResult<std::optional<std::string>> get(const PartitionName& partition, std::string_view key,
                                              Deadline deadline) override;
  StoreResult<Page> scan(const PartitionName& partition, const Scan& range, Deadline deadline) override;
  StoreResult<Version> version(const PartitionName& partition, Deadline deadline) override;
  StoreResult<> flush(const PartitionName& partition, Deadline deadline) override;
  StoreResult<std::vector<BlobId>> put_blobs(const PartitionName& partition, const std::vector<std::string_view>& bodies,
                                             Durability durability, Deadline deadline) override;
  StoreResult<std::string> read_blob(const PartitionName& partition, const BlobId& blob, std::uint64_t offset,
                                     std::uint64_t octets, Deadline deadline) override;
  StoreResult<> verify_blob(const PartitionName& partition, const BlobId& blob, Deadline deadline) override;
  StoreResult<> erase_blob(const PartitionName& partition, const BlobId& blob, Deadline deadline) override;
  StoreResult<BlobMark> blob_mark(const PartitionName& partition, Deadline deadline) override;
  StoreResult<BlobPage> list_blobs(const PartitionName& partition, const BlobMark& from, const BlobMark& until,
                                   std::uint32_t limit, Deadline deadline) override;
  StoreResult<std::vector<PartitionName>> list_partitions(std::string_view prefix, Deadline deadline) override;
  void rest(const PartitionName& partition) override { pool_.close_unused(partition); }
  StoreResult<> erase_partition(const PartitionName& partition, Deadline deadline) override;
  [[nodiscard]] std::unique_ptr<Watch> watch(const PartitionName& partition, WatchCallback changed) override;
  // A lease lasts until it is released or the process ends; `ttl` is not needed here.
  StoreResult<Lease> take_lease(std::string_view name, Duration ttl, Deadline deadline) override;
  StoreResult<> release_lease(const Lease& lease) override;

  // Partitions open now.
  [[nodiscard]] std::size_t open_partitions() const { return pool_.size(); }

 private:
  SqliteEngine(SqliteHome home, const SqliteOptions& options, std::unique_ptr<SqliteVfs> vfs);
  template <class T, class Use>
  StoreResult<T> on(const PartitionName& name, WhenMissing missing, Deadline deadline, StoreResult<T> absent, Use&& use);
  template <class T, class Use>
  StoreResult<T> on_blobs(const PartitionName& name, WhenMissing missing, Deadline deadline, StoreResult<T> absent, Use&& use);
  StoreResult<> collect(const std::string& folder, std::string_view prefix, Deadline deadline, std::vector<PartitionName>& names);
  void close_unused(Duration after);

  std::unique_ptr<SqliteVfs> vfs_;
  const SqliteHome home_;
  PartitionPool pool_;
  LeaseFiles leases_;
  const Fence fence_;
  std::shared_ptr<WatchDispatcher> watchers_;
  std::mutex closing_mutex_;
  std::condition_variable closing_;
  bool ended_ = false;
  std::thread closer_;
};

}  // namespace hikyaku::storage
