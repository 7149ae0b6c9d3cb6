// AccessBook: the access rows that all loops of reception go by, as `auth` tells them. A session that judges asks for it first: nobody is judged by rows
// older than the directory that `auth` acts on.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "base/task.h"
#include "services/directory/auth_client.h"
#include "services/policy/access_table.h"

namespace hikyaku::receive {

class AccessBook {
 public:
  using Table = std::shared_ptr<const policy::AccessTable>;

  // Null: `auth` does not answer, and what was known may have changed. Usually without a question: only when the directory has changed,
  // or when auth does not say at what version it is and a second has passed. Thread-safe; `auth` is the caller's loop's.
  Task<Table> current(directory::AuthClient& auth, Instant now);

 private:
  struct Known {
    Table table = std::make_shared<const policy::AccessTable>();
    std::uint64_t stamp = 0;
    std::optional<storage::Version> version;
    Instant asked{};
  };
  std::mutex mutex_;
  Known known_;
};

}  // namespace hikyaku::receive
