// GroupCommit: several batches as one transaction of SQLite, each with its own outcome. It knows rows and transactions;
// locks, flushes and watchers are its caller's.
#pragma once

#include <functional>

#include "storage/sqlite_rows.h"

namespace hikyaku::storage {

// True when `token` is the newest of the lease.
using Fence = std::function<bool(std::string_view lease, std::uint64_t token)>;

class GroupCommit {
 public:
  using Outcomes = std::vector<StoreResult<Committed>>;

  GroupCommit(SqliteDatabase& database, SqliteRows& rows, const Limits& limits, const Fence& fence)
      : database_(database), rows_(rows), limits_(limits), fence_(fence) {}

  // Opens a transaction and leaves it open with the changes of every batch that succeeded: commit it if changed(), else
  // roll it back. An error: the transaction is rolled back and nothing happened.
  StoreResult<> apply(const std::vector<Batch>& batches);
  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] bool repeated() const { return repeated_; }
  Outcomes take_outcomes() { return std::move(outcomes_); }
  // The commit failed: every batch that had succeeded answers `error`.
  void fail(const StoreError& error);

 private:
  enum class Step : std::uint8_t { Decided, Restart };
  StoreResult<> apply_all(const std::vector<Batch>& batches, bool& restart);
  StoreResult<Step> apply_one(const Batch& batch, StoreResult<Committed>& outcome, bool alone);
  StoreResult<Committed> change(const Batch& batch);

  SqliteDatabase& database_;
  SqliteRows& rows_;
  const Limits& limits_;
  const Fence& fence_;
  Outcomes outcomes_;
  std::vector<bool> refused_;  // decided for good: not tried again after a restart
  bool changed_ = false, repeated_ = false;
};

}  // namespace hikyaku::storage
