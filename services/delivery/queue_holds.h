// HoldsInForce: which running hold keeps a recipient that waits, for whoever lists the queue. Pure; a look at each hold.
#pragma once

#include <memory>
#include <vector>

#include "services/delivery/queue.h"
#include "services/directory/directory.h"

namespace hikyaku::delivery {

class HoldsInForce {
 public:
  // Null: nothing is known of holds, none is found.
  HoldsInForce(std::shared_ptr<const directory::Snapshot> directory, WallTime now);
  // Null: none.
  [[nodiscard]] const directory::Hold* of(const QueueItem& item) const;
  // Names the hold of each item, and adds those that were named.
  void mark(QueueList& list) const;

 private:
  std::shared_ptr<const directory::Snapshot> directory_;
  std::vector<directory::Hold> running_;
  WallTime now_;
};

}  // namespace hikyaku::delivery
