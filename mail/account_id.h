// AccountId: an account's name for its whole life. Addresses come and go, the id stays and is never given again; the
// account's mail lives in the partition "account/<id>".
#pragma once

#include <cstdint>
#include <string>

#include "base/strong_id.h"

namespace hikyaku {

using AccountId = StrongId<struct AccountIdTag, std::uint64_t>;  // 0: nobody

[[nodiscard]] inline std::string account_partition(AccountId account) {
  return "account/" + std::to_string(account.value());
}

}  // namespace hikyaku
