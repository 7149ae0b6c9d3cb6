// Whether a change of the directory can send queued mail elsewhere: the route table, the global gateway, forward-all, or the
// domains that are ours. Which recipients it concerns only their addresses tell, and those stand in the spool. Pure.
#pragma once

#include "services/directory/directory.h"

namespace hikyaku::delivery {

[[nodiscard]] inline bool routing_differs(const directory::Contents& before, const directory::Contents& after) {
  return before.routes != after.routes || before.gateway != after.gateway || before.forward_all != after.forward_all ||
         before.domains != after.domains;
}

}  // namespace hikyaku::delivery
