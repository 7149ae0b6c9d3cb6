// How much mail accounts have, read where it is kept (services/mailboxes).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/cli/command.h"
#include "io/posix_disk.h"
#include "services/directory/types.h"
#include "services/mailboxes/mailboxes.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::cli {

class AccountUsage {
 public:
  // After the data folder was entered. Null: the reason was printed.
  [[nodiscard]] static std::unique_ptr<AccountUsage> open(Invocation& call);
  // Nothing: it cannot be read, and that was printed. Opens the account's index: a millisecond or so each.
  [[nodiscard]] std::optional<mailboxes::QuotaUsage> of(const directory::Account& account);

 private:
  explicit AccountUsage(Invocation& call) : call_(call) {}
  Invocation& call_;
  io::PosixDisk disk_;
  SystemClock clock_;
  std::unique_ptr<storage::SqliteEngine> engine_;
  std::unique_ptr<mailboxes::Mailboxes> mailboxes_;
};

// "12 MB of 500MiB (2 %)"
[[nodiscard]] std::string used_text(const Invocation& call, const directory::Account& account, const mailboxes::QuotaUsage& used);

}  // namespace hikyaku::cli
