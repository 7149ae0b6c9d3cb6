// AccessBook: the access rows and content rows that all loops of reception go by, as `auth` tells them. A session that judges asks for it first: nobody is judged by rows
// older than the directory that `auth` acts on.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "base/task.h"
#include "io/loop.h"
#include "io/workers.h"
#include "services/directory/auth_client.h"
#include "services/filters/content.h"
#include "services/policy/access_table.h"

namespace hikyaku::receive {

class AccessBook {
 public:
  struct Rows {
    Rows(std::vector<directory::AccessRow> of_access, std::vector<directory::ContentRow> of_content) : access(std::move(of_access)), content(std::move(of_content)) {}
    policy::AccessTable access;
    filters::ContentTable content;
  };
  using Table = std::shared_ptr<const Rows>;
  // Of the loop that asks.
  struct Asker {
    io::Loop& loop;
    io::Workers& workers;
    directory::AuthClient& auth;
  };

  // Null: `auth` does not answer, and what was known may have changed. Usually without a question: only when the directory has changed,
  // or when auth does not say at what version it is and a second has passed. One loop fetches, the others wait. Thread-safe.
  Task<Table> current(Asker asker);

 private:
  struct Known {
    Table table;
    std::uint64_t stamp = 0;
    std::optional<storage::Version> version;
    Instant asked{};
  };
  enum class Turn : std::uint8_t { Fresh, Fetch, Wait };
  [[nodiscard]] Turn take_turn(const std::optional<storage::Version>& version, Instant now, Known& known);
  Task<Table> fetch(Asker asker, std::optional<storage::Version> version, std::uint64_t stamp);

  std::mutex mutex_;
  bool fetching_ = false;
  Known known_;
};

}  // namespace hikyaku::receive
