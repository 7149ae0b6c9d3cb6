#include "storage/memory_engine.h"

#include "storage/partition_name.h"

namespace hikyaku::storage {
namespace {

const SystemClock system_clock;

auto fail(StoreFailure kind, std::string what) { return failure(StoreError{kind, std::move(what)}); }

class MemoryWatch final : public Watch {
 public:
  MemoryWatch(std::shared_ptr<MemoryStore> store, std::uint64_t id) : store_(std::move(store)), id_(id) {}
  ~MemoryWatch() override {
    const std::lock_guard hold(store_->mutex);
    std::erase_if(store_->watchers, [&](const auto& watcher) { return watcher.id == id_; });
  }
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

 private:
  std::shared_ptr<MemoryStore> store_;
  std::uint64_t id_;
};

}  // namespace

MemoryEngine::MemoryEngine(std::shared_ptr<MemoryStore> store) : MemoryEngine(std::move(store), system_clock) {}

MemoryEngine::MemoryEngine(std::shared_ptr<MemoryStore> store, const Clock& clock, Limits limits)
    : store_(std::move(store)), clock_(clock), limits_(limits) {}

MemoryEngine::~MemoryEngine() {
  const std::lock_guard hold(store_->mutex);
  for (auto& [name, lease] : store_->leases)
    if (lease.holder == this) lease.holder = nullptr;
  store_->lease_released.notify_all();
}

StoreResult<> MemoryEngine::begin(const PartitionName& partition, Deadline deadline) {
  ring_late();
  TRY_VOID(check_name(partition.value()));
  if (clock_.now() >= deadline) return fail(StoreFailure::Timeout, "the deadline had passed before the call");
  return {};
}

StoreResult<> MemoryEngine::begin_with_fault(const PartitionName& partition, Deadline deadline) {
  TRY_VOID(begin(partition, deadline));
  if (faults_.next() == EngineFault::Timeout) return fail(StoreFailure::Timeout, "ordered by the test");
  return {};
}

std::vector<StoreResult<Committed>> MemoryEngine::commit_group(const PartitionName& name, std::vector<Batch> batches,
                                                               Durability durability, Deadline deadline) {
  std::vector<StoreResult<Committed>> outcomes;
  auto ready = begin(name, deadline);
  if (ready && batches.size() > limits_.group_batches)
    ready = fail(StoreFailure::Refused, "a group has " + std::to_string(batches.size()) + " batches");
  if (!ready) {
    outcomes.assign(batches.size(), failure(ready.error()));
    return outcomes;
  }
  bool changed = false;
  {
    const std::lock_guard hold(store_->mutex);
    auto& partition = store_->partitions[name.value()];
    const auto version_before = partition.version;
    for (const auto& batch : batches) {
      const auto fault = faults_.next();
      const auto before = partition.version;
      outcomes.push_back(commit_faulty(partition, batch, durability, fault));
      if (partition.version == before) continue;
      if (fault == EngineFault::LateRing) store_->late_rings.push_back(name.value());
      changed |= fault != EngineFault::LateRing && fault != EngineFault::LostRing;
    }
    if (durability == Durability::Flushed && partition.version != version_before) partition.lazy.clear();
    if (partition.version == Version{} && partition.blobs.empty()) store_->partitions.erase(name.value());
  }
  if (changed) ring(name.value());
  return outcomes;
}

StoreResult<Committed> MemoryEngine::commit_faulty(MemoryPartition& partition, const Batch& batch, Durability durability,
                                                   EngineFault fault) {
  switch (fault) {
    case EngineFault::Conflict: return fail(StoreFailure::Conflict, "ordered by the test");
    case EngineFault::OutcomeLost: return fail(StoreFailure::OutcomeUnknown, "ordered by the test: it did not happen");
    case EngineFault::Timeout: return fail(StoreFailure::Timeout, "ordered by the test");
    case EngineFault::NoSpace: return fail(StoreFailure::NoSpace, "ordered by the test");
    case EngineFault::OutcomeApplied: {
      auto outcome = commit_one(partition, batch, durability);
      if (!outcome) return outcome;
      return fail(StoreFailure::OutcomeUnknown, "ordered by the test: it did happen");
    }
    case EngineFault::None:
    case EngineFault::LateRing:
    case EngineFault::LostRing: break;
  }
  return commit_one(partition, batch, durability);
}

StoreResult<Committed> MemoryEngine::commit_one(MemoryPartition& partition, const Batch& batch, Durability durability) {
  TRY_VOID(check_batch(batch, limits_));
  if (const auto* known = partition.find(batch.request)) {
    auto outcome = *known;
    outcome.repeated = true;
    return outcome;
  }
  const bool fenced = !batch.lease.empty();
  if (fenced && (batch.fencing_token == 0 || store_->leases[batch.lease].token != batch.fencing_token))
    return fail(StoreFailure::Fenced, "the lease \"" + batch.lease + "\" has a newer token");
  auto allocated = apply_batch(batch, partition.version, partition.rows);
  auto undo = partition.rows.take_undo();
  if (!allocated) {
    partition.rows.take_back(std::move(undo));
    return failure(std::move(allocated.error()));
  }
  partition.version = Version(partition.version.value() + 1);
  Committed outcome{partition.version, *std::move(allocated), false};
  const bool has_request = !batch.request.value().empty();
  if (has_request) partition.requests.push_back({batch.request.value(), outcome});
  std::erase_if(partition.requests, [&](const auto& request) {
    return request.outcome.version.value() + limits_.remembered_requests <= partition.version.value();
  });
  if (durability == Durability::Lazy) partition.lazy.push_back({std::move(undo), has_request});
  return outcome;
}

StoreResult<std::optional<std::string>> MemoryEngine::get(const PartitionName& name, std::string_view key,
                                                          Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  const std::lock_guard hold(store_->mutex);
  const auto partition = store_->partitions.find(name.value());
  if (partition == store_->partitions.end()) return std::optional<std::string>{};
  return partition->second.rows.get(key);
}

StoreResult<Page> MemoryEngine::scan(const PartitionName& name, const Scan& range, Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  const std::lock_guard hold(store_->mutex);
  Page page;
  const auto partition = store_->partitions.find(name.value());
  if (partition == store_->partitions.end()) return page;
  page.version = partition->second.version;
  const auto& rows = partition->second.rows.all();
  auto from = rows.lower_bound(range.from);
  auto until = range.until.empty() ? rows.end() : rows.lower_bound(range.until);
  if (!range.until.empty() && range.until < range.from) until = from;
  std::size_t octets = 0;
  while (from != until) {
    const auto& row = range.backwards ? *std::prev(until) : *from;
    octets += row.first.size() + row.second.size();
    page.more = !page.rows.empty() && (page.rows.size() >= range.limit_rows || octets > range.limit_octets);
    if (page.more) break;
    page.rows.push_back({row.first, row.second});
    range.backwards ? static_cast<void>(--until) : static_cast<void>(++from);
  }
  return page;
}

StoreResult<Version> MemoryEngine::version(const PartitionName& name, Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  const std::lock_guard hold(store_->mutex);
  const auto partition = store_->partitions.find(name.value());
  return partition == store_->partitions.end() ? Version{} : partition->second.version;
}

StoreResult<> MemoryEngine::flush(const PartitionName& name, Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  const std::lock_guard hold(store_->mutex);
  if (const auto partition = store_->partitions.find(name.value()); partition != store_->partitions.end())
    partition->second.flushed();
  return {};
}

StoreResult<std::vector<BlobId>> MemoryEngine::put_blobs(const PartitionName& name,
                                                         const std::vector<std::string_view>& bodies,
                                                         Durability durability, Deadline deadline) {
  TRY_VOID(begin(name, deadline));
  for (const auto body : bodies)
    if (body.size() > limits_.blob_octets) return fail(StoreFailure::Refused, "a blob is larger than the limit");
  const auto fault = faults_.next();
  if (fault == EngineFault::Timeout) return fail(StoreFailure::Timeout, "ordered by the test");
  if (fault == EngineFault::NoSpace) return fail(StoreFailure::NoSpace, "ordered by the test");
  if (fault == EngineFault::OutcomeLost) return fail(StoreFailure::OutcomeUnknown, "ordered by the test: it did not happen");
  const std::lock_guard hold(store_->mutex);
  std::vector<BlobId> ids;
  for (const auto body : bodies) {
    ids.emplace_back("m" + std::to_string(store_->next_number++));
    store_->partitions[name.value()].blobs[ids.back().value()] = {std::string(body), durability == Durability::Flushed};
  }
  if (fault == EngineFault::OutcomeApplied) return fail(StoreFailure::OutcomeUnknown, "ordered by the test: it did happen");
  return ids;
}

StoreResult<std::string> MemoryEngine::read_blob(const PartitionName& name, const BlobId& blob, std::uint64_t offset,
                                                 std::uint64_t octets, Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  const std::lock_guard hold(store_->mutex);
  const auto partition = store_->partitions.find(name.value());
  if (partition == store_->partitions.end()) return fail(StoreFailure::NotFound, "no such blob");
  const auto found = partition->second.blobs.find(blob.value());
  if (found == partition->second.blobs.end()) return fail(StoreFailure::NotFound, "no such blob");
  const auto& body = found->second.body;
  return offset >= body.size() ? std::string{} : body.substr(offset, octets);
}

StoreResult<> MemoryEngine::verify_blob(const PartitionName& name, const BlobId& blob, Deadline deadline) {
  TRY_VOID(read_blob(name, blob, 0, 0, deadline));
  return {};
}

StoreResult<> MemoryEngine::erase_blob(const PartitionName& name, const BlobId& blob, Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  const std::lock_guard hold(store_->mutex);
  const auto partition = store_->partitions.find(name.value());
  if (partition == store_->partitions.end() || partition->second.blobs.erase(blob.value()) == 0)
    return fail(StoreFailure::NotFound, "no such blob");
  return {};
}

namespace {

// Blobs are named by the number of their put, "m7"; a mark is such a number.
std::uint64_t put_number(std::string_view text) {
  if (text.starts_with('m')) text.remove_prefix(1);
  return text.empty() ? 0 : std::stoull(std::string(text));
}

}  // namespace

StoreResult<BlobMark> MemoryEngine::blob_mark(const PartitionName& name, Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  const std::lock_guard hold(store_->mutex);
  return BlobMark(std::to_string(store_->next_number));
}

StoreResult<BlobPage> MemoryEngine::list_blobs(const PartitionName& name, const BlobMark& from, const BlobMark& until,
                                               std::uint32_t limit, Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  const std::lock_guard hold(store_->mutex);
  BlobPage page{{}, until, false};
  const auto partition = store_->partitions.find(name.value());
  if (partition == store_->partitions.end()) return page;
  std::map<std::uint64_t, std::string> in_order;
  for (const auto& [id, blob] : partition->second.blobs)
    if (const auto number = put_number(id); number >= put_number(from.value()) && number < put_number(until.value())) in_order.emplace(number, id);
  for (const auto& [number, id] : in_order) {
    if (page.blobs.size() == limit) {
      page.next = BlobMark(std::to_string(number));
      page.more = true;
      break;
    }
    page.blobs.emplace_back(id);
  }
  return page;
}

StoreResult<std::vector<PartitionName>> MemoryEngine::list_partitions(std::string_view prefix, Deadline deadline) {
  ring_late();
  if (clock_.now() >= deadline) return fail(StoreFailure::Timeout, "the deadline had passed before the call");
  if (faults_.next() == EngineFault::Timeout) return fail(StoreFailure::Timeout, "ordered by the test");
  const std::lock_guard hold(store_->mutex);
  std::vector<PartitionName> names;
  for (auto at = store_->partitions.lower_bound(prefix); at != store_->partitions.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    names.emplace_back(at->first);
  }
  return names;
}

StoreResult<> MemoryEngine::erase_partition(const PartitionName& name, Deadline deadline) {
  TRY_VOID(begin_with_fault(name, deadline));
  {
    const std::lock_guard hold(store_->mutex);
    store_->partitions.erase(name.value());
  }
  ring(name.value());
  return {};
}

std::unique_ptr<Watch> MemoryEngine::watch(const PartitionName& name, WatchCallback changed) {
  const std::lock_guard hold(store_->mutex);
  const auto id = store_->next_number++;
  store_->watchers.push_back({id, name.value(), std::make_shared<WatchCallback>(std::move(changed))});
  return std::make_unique<MemoryWatch>(store_, id);
}

// Callbacks run without the lock: they may call the engine.
void MemoryEngine::ring(std::string_view partition) {
  std::vector<std::shared_ptr<WatchCallback>> callbacks;
  {
    const std::lock_guard hold(store_->mutex);
    for (const auto& watcher : store_->watchers)
      if (watcher.partition == partition) callbacks.push_back(watcher.changed);
  }
  for (const auto& callback : callbacks) (*callback)();
}

void MemoryEngine::ring_late() {
  std::vector<std::string> rings;
  {
    const std::lock_guard hold(store_->mutex);
    rings.swap(store_->late_rings);
  }
  for (const auto& partition : rings) ring(partition);
}

StoreResult<Lease> MemoryEngine::take_lease(std::string_view name, Duration, Deadline deadline) {
  TRY_VOID(check_name(name));
  if (faults_.next() == EngineFault::Timeout) return fail(StoreFailure::Timeout, "ordered by the test");
  std::unique_lock hold(store_->mutex);
  auto& lease = store_->leases[std::string(name)];
  while (lease.holder != nullptr) {
    if (clock_.now() >= deadline) return fail(StoreFailure::Timeout, "the lease \"" + std::string(name) + "\" is held");
    store_->lease_released.wait_for(hold, std::chrono::milliseconds{5});
  }
  lease.holder = this;
  return Lease{std::string(name), ++lease.token};
}

StoreResult<> MemoryEngine::release_lease(const Lease& given) {
  TRY_VOID(check_name(given.name));
  const std::lock_guard hold(store_->mutex);
  auto& lease = store_->leases[given.name];
  if (lease.holder != this || lease.token != given.token)
    return fail(StoreFailure::Fenced, "the lease \"" + given.name + "\" is not ours");
  lease.holder = nullptr;
  store_->lease_released.notify_all();
  return {};
}

}  // namespace hikyaku::storage
