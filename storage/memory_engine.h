// MemoryEngine: the Engine for tests. It keeps everything in a MemoryStore, which several engines may share as several
// processes share a disk, and goes wrong on order (engine_faults.h). MemoryStore::cut_power loses what the contract
// allows to be lost.
#pragma once

#include "storage/engine.h"
#include "storage/engine_faults.h"
#include "storage/memory_store.h"

namespace hikyaku::storage {

class MemoryEngine final : public Engine {
 public:
  // Deadlines are read on `clock`, which must outlive the engine; waits for a lease use real time.
  explicit MemoryEngine(std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>());
  MemoryEngine(std::shared_ptr<MemoryStore> store, const Clock& clock, Limits limits = {});
  // Gives its leases back, as the end of a process does.
  ~MemoryEngine() override;
  MemoryEngine(const MemoryEngine&) = delete;
  MemoryEngine& operator=(const MemoryEngine&) = delete;

  [[nodiscard]] EngineFaults& faults() { return faults_; }
  [[nodiscard]] MemoryStore& store() { return *store_; }

  [[nodiscard]] const Limits& limits() const override { return limits_; }
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
  void rest(const PartitionName&) override {}
  StoreResult<> erase_partition(const PartitionName& partition, Deadline deadline) override;
  [[nodiscard]] std::unique_ptr<Watch> watch(const PartitionName& partition, WatchCallback changed) override;
  StoreResult<Lease> take_lease(std::string_view name, Duration ttl, Deadline deadline) override;
  StoreResult<> release_lease(const Lease& lease) override;

 private:
  // Before every call: rings the late bells; Refused, Timeout, or nothing.
  StoreResult<> begin(const PartitionName& partition, Deadline deadline);
  StoreResult<> begin_with_fault(const PartitionName& partition, Deadline deadline);
  StoreResult<Committed> commit_one(MemoryPartition& partition, const Batch& batch, Durability durability);
  StoreResult<Committed> commit_faulty(MemoryPartition& partition, const Batch& batch, Durability durability,
                                       EngineFault fault);
  void ring(std::string_view partition);
  void ring_late();

  std::shared_ptr<MemoryStore> store_;
  const Clock& clock_;
  Limits limits_;
  EngineFaults faults_;
};

}  // namespace hikyaku::storage
