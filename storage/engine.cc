#include "storage/engine.h"

#include "base/check.h"

namespace hikyaku::storage {

StoreResult<Committed> Engine::commit(const PartitionName& partition, Batch batch, Durability durability,
                                      Deadline deadline) {
  std::vector<Batch> group;
  group.push_back(std::move(batch));
  auto outcomes = commit_group(partition, std::move(group), durability, deadline);
  check(outcomes.size() == 1, "commit_group answers every batch");
  return std::move(outcomes.front());
}

}  // namespace hikyaku::storage
