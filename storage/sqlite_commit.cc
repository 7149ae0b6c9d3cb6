#include "storage/sqlite_commit.h"

namespace hikyaku::storage {
namespace {
auto pending() { return failure(StoreError{StoreFailure::Broken, "not decided"}); }
}  // namespace

StoreResult<> GroupCommit::apply(const std::vector<Batch>& batches) {
  outcomes_.assign(batches.size(), pending());
  refused_.assign(batches.size(), false);
  for (std::size_t i = 0; i < batches.size(); ++i)
    if (auto sane = check_batch(batches[i], limits_); !sane) outcomes_[i] = failure(std::move(sane.error())), refused_[i] = true;
  for (bool restart = true; restart;) {
    restart = changed_ = repeated_ = false;
    TRY_VOID(database_.run(rows_.begin_immediate()));
    auto applied = apply_all(batches, restart);
    if (applied && !restart) return {};
    rows_.forget();
    if (database_.in_transaction()) static_cast<void>(database_.run(rows_.rollback()));
    if (!applied) return applied;
  }
  return {};
}

StoreResult<> GroupCommit::apply_all(const std::vector<Batch>& batches, bool& restart) {
  TRY_VOID(rows_.catch_up());
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (refused_[i]) continue;
    TRY(step, apply_one(batches[i], outcomes_[i], batches.size() == 1));
    if (step == Step::Decided) continue;
    refused_[i] = restart = true;
    return {};
  }
  return {};
}

// A batch that fails behind its own changes spoils the transaction. Where that is an ordinary event a savepoint guards
// it; where it is a rarity the transaction is done again without that batch, which is cheaper for all the others.
StoreResult<GroupCommit::Step> GroupCommit::apply_one(const Batch& batch, StoreResult<Committed>& outcome, bool alone) {
  TRY(known, rows_.find(batch.request));
  if (known) {
    outcome = std::move(*known);
    repeated_ = true;
    return Step::Decided;
  }
  if (!batch.lease.empty() && !fence_(batch.lease, batch.fencing_token)) {
    outcome = failure(StoreError{StoreFailure::Fenced, "the lease \"" + batch.lease + "\" has a newer token"});
    return Step::Decided;
  }
  const bool guarded = !alone && expects_after_changing(batch);
  const auto errors = database_.errors();
  const auto changes = database_.changes();
  if (guarded) TRY_VOID(database_.run("SAVEPOINT batch"));
  outcome = change(batch);
  if (database_.errors() != errors) return failure(std::move(outcome.error()));
  if (guarded) TRY_VOID(database_.run(outcome ? "RELEASE batch" : "ROLLBACK TO batch; RELEASE batch"));
  if (outcome) changed_ = true;
  const bool spoilt = !outcome && !guarded && database_.changes() != changes;
  return spoilt ? Step::Restart : Step::Decided;
}

StoreResult<Committed> GroupCommit::change(const Batch& batch) {
  TRY(allocated, apply_batch(batch, rows_.version(), rows_));
  return rows_.remember(batch.request, std::move(allocated));
}

void GroupCommit::fail(const StoreError& error) {
  for (auto& outcome : outcomes_)
    if (outcome) outcome = failure(error);
}

}  // namespace hikyaku::storage
