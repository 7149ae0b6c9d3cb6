// Overview: what escrow holds, as the ledger of refusals names senders (services/policy/ledger.h): whose mail has a copy, and whose was delivered by decision.
#pragma once

#include <map>
#include <vector>

#include "io/disk.h"
#include "services/escrow/released_mark.h"
#include "services/policy/ledger.h"

namespace hikyaku::escrow {

struct KeptCopy {
  std::string id;
  WallTime taken{};
};

struct Overview {
  std::multimap<policy::LedgerKey, KeptCopy> copies;
  std::vector<ReleasedMail> released;
};

// `folder`: of escrow. Reads the heads of all copies; who may not look there sees none. Blocks.
[[nodiscard]] Overview overview(io::Disk& disk, const std::string& folder);
// Whose mail was released, and of whom no other copy is left, has come in with that; who tries again after it has not.
void settle_released(policy::Ledger& ledger, const Overview& seen);

}  // namespace hikyaku::escrow
