// Giving up what only the supervisor's parent needs.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace hikyaku::apps {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string user;  // for initgroups and messages; empty when the number has no name
};

// Who the services run as: us, when we are not root; else the named user, or the owner of the data folder.
[[nodiscard]] Result<Identity, std::string> choose_identity(const std::string& user, const std::string& data_folder);

// For a child that is about to exec: becomes `identity`, and keeps no capability and no way to regain one, even as uid 0.
// Async-signal-safe but for initgroups. False: not possible, do not go on.
[[nodiscard]] bool become(const Identity& identity);

}  // namespace hikyaku::apps
