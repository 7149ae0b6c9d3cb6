// Secrets: the partition "secrets", kept in a folder of its own that only `auth` and the command line may open. One
// verifier for each account, and the server's secret for the steady answers given to unknown users.
// Blocking: call on workers.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "mail/account_id.h"
#include "services/directory/error.h"
#include "services/directory/verifier.h"
#include "storage/engine.h"

namespace hikyaku::directory {

class Secrets {
 public:
  explicit Secrets(storage::Engine& engine) : engine_(engine) {}

  DirectoryResult<std::optional<Verifier>> find(AccountId account, Deadline deadline) const;
  // All in one commit: at most as many as the engine takes in a batch.
  DirectoryResult<> set(const std::vector<std::pair<AccountId, Verifier>>& verifiers, Deadline deadline);
  // Only while `expected` is still what is kept: a password set meanwhile stays. False: it was not.
  DirectoryResult<bool> replace(AccountId account, const Verifier& expected, const Verifier& verifier, Deadline deadline);
  DirectoryResult<> remove(AccountId account, Deadline deadline);
  // 32 random octets, made at the first call and kept for good.
  DirectoryResult<std::string> server_secret(Deadline deadline);
  // The accounts that have a password and no SCRAM keys of it. Reads every verifier.
  DirectoryResult<std::unordered_set<std::uint64_t>> accounts_without_scram(Deadline deadline) const;
  DirectoryResult<storage::Version> version(Deadline deadline) const;

 private:
  storage::Engine& engine_;
};

}  // namespace hikyaku::directory
