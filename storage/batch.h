// What a batch means, said once: both engines carry their rows through apply_batch, so a change means the same
// whichever runs.
#pragma once

#include "storage/engine.h"

namespace hikyaku::storage {

// The rows of one partition inside one transaction of an engine.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual StoreResult<std::optional<std::string>> get(std::string_view key) = 0;
  virtual StoreResult<> put(std::string_view key, std::string_view value) = 0;
  virtual StoreResult<> erase(std::string_view key) = 0;
  virtual StoreResult<> erase_range(std::string_view from, std::string_view until) = 0;
};

// Refused when the batch is larger than the limits or its placeholders do not fit their rows. No I/O.
[[nodiscard]] StoreResult<> check_batch(const Batch& batch, const Limits& limits);

// Carries the changes out in order, against the partition at version `now`; answers the first number of each Allocate.
// Conflict for an expectation that does not hold, NoSpace when a counter's numbers are used up, Broken when a counter
// holds no number. After an error the rows changed so far are still changed: the caller rolls back.
[[nodiscard]] StoreResult<std::vector<std::uint64_t>> apply_batch(const Batch& batch, Version now, Rows& rows);

// True when an expectation stands behind a change, so that even an ordinary conflict needs a rollback.
[[nodiscard]] bool expects_after_changing(const Batch& batch);

}  // namespace hikyaku::storage
