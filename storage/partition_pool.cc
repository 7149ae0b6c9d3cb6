#include "storage/partition_pool.h"

namespace hikyaku::storage {

StoreResult<std::shared_ptr<SqlitePartition>> PartitionPool::get(const PartitionName& name, WhenMissing missing) {
  if (auto known = find(name)) return known;
  if (missing == WhenMissing::AnswerNull) {
    const auto file = home_.disk.info(home_.root + "/" + name.value() + "/index.sqlite");
    if (!file && file.error().kind == io::DiskFailure::NotFound) return nullptr;
    if (!file) return failure(store_error(file.error()));
  }
  TRY(opened, SqlitePartition::open(home_, name));
  auto partition = insert(name, std::move(opened));
  while (size() > cap_) {
    const auto last = take_last(Instant::max());
    if (last == nullptr) break;
    last->close_when_idle();
  }
  return partition;
}

std::shared_ptr<SqlitePartition> PartitionPool::find(const PartitionName& name) {
  const std::lock_guard hold(mutex_);
  const auto at = by_name_.find(name.value());
  if (at == by_name_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, at->second);
  at->second->used = std::chrono::steady_clock::now();
  return at->second->partition;
}

std::shared_ptr<SqlitePartition> PartitionPool::insert(const PartitionName& name, std::shared_ptr<SqlitePartition> partition) {
  const std::lock_guard hold(mutex_);
  if (const auto at = by_name_.find(name.value()); at != by_name_.end()) return at->second->partition;
  entries_.push_front({name.value(), std::move(partition), std::chrono::steady_clock::now()});
  by_name_[name.value()] = entries_.begin();
  return entries_.front().partition;
}

void PartitionPool::drop(const PartitionName& name, const std::shared_ptr<SqlitePartition>& partition) {
  const std::lock_guard hold(mutex_);
  const auto at = by_name_.find(name.value());
  if (at == by_name_.end() || at->second->partition != partition) return;
  entries_.erase(at->second);
  by_name_.erase(at);
}

std::shared_ptr<SqlitePartition> PartitionPool::take_last(Instant instant) {
  const std::lock_guard hold(mutex_);
  for (auto at = entries_.end(); at != entries_.begin();) {
    --at;
    if (at->used >= instant) return nullptr;
    if (at->partition.use_count() > 1) continue;
    auto partition = std::move(at->partition);
    by_name_.erase(at->name);
    entries_.erase(at);
    return partition;
  }
  return nullptr;
}

void PartitionPool::close_unused(const PartitionName& name) {
  std::shared_ptr<SqlitePartition> partition;
  {
    const std::lock_guard hold(mutex_);
    const auto at = by_name_.find(name.value());
    if (at == by_name_.end() || at->second->partition.use_count() > 1) return;
    partition = std::move(at->second->partition);
    entries_.erase(at->second);
    by_name_.erase(at);
  }
  partition->close_when_idle();
}

void PartitionPool::close_unused_since(Instant instant) {
  while (const auto partition = take_last(instant)) partition->close_when_idle();
}

std::size_t PartitionPool::size() const {
  const std::lock_guard hold(mutex_);
  return entries_.size();
}

}  // namespace hikyaku::storage
