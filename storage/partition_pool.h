// PartitionPool: the partitions one engine has at hand. At most `cap` of them, the longest unused go first; one that is
// in use is never closed. Opening and closing happen outside the pool's lock, so a stuck partition delays only itself.
#pragma once

#include <list>
#include <mutex>
#include <unordered_map>

#include "storage/sqlite_partition.h"

namespace hikyaku::storage {

enum class WhenMissing : std::uint8_t { Make, AnswerNull };

class PartitionPool {
 public:
  PartitionPool(const SqliteHome& home, std::size_t cap) : home_(home), cap_(cap) {}

  StoreResult<std::shared_ptr<SqlitePartition>> get(const PartitionName& name, WhenMissing missing);
  // One that said it is stale: the next get() makes it anew.
  void drop(const PartitionName& name, const std::shared_ptr<SqlitePartition>& partition);
  // Closes it unless somebody is using it now.
  void close_unused(const PartitionName& name);
  // Closes what nobody used since `instant`.
  void close_unused_since(Instant instant);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string name;
    std::shared_ptr<SqlitePartition> partition;
    Instant used;
  };
  using Entries = std::list<Entry>;  // lately used first
  std::shared_ptr<SqlitePartition> find(const PartitionName& name);
  std::shared_ptr<SqlitePartition> insert(const PartitionName& name, std::shared_ptr<SqlitePartition> partition);
  // The last entry nobody uses, taken out; null when there is none, or none unused since `instant`.
  std::shared_ptr<SqlitePartition> take_last(Instant instant);

  const SqliteHome& home_;
  const std::size_t cap_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> by_name_;
};

}  // namespace hikyaku::storage
