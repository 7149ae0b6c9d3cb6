// Whether a change of the directory concerns queued mail. Of the whole: the route table, the global gateway, forward-all, or
// the domains that are ours may send it elsewhere; a mailbox with more room may take what waits for it. Of one recipient: its
// plan before and after, which alone tells, as the addresses stand in the spool. Pure.
#pragma once

#include <set>
#include <string>

#include "services/delivery/recipient_plan.h"
#include "services/directory/directory.h"

namespace hikyaku::delivery {

[[nodiscard]] inline bool routing_differs(const directory::Contents& before, const directory::Contents& after) {
  return before.routes != after.routes || before.gateway != after.gateway || before.forward_all != after.forward_all ||
         before.domains != after.domains;
}

// A limit that was raised, or is gone.
[[nodiscard]] bool has_more_room(const directory::Account& before, const directory::Account& after);
// Where mail for the accounts waits that have more room now: "local:a.example". Linear in the accounts.
[[nodiscard]] std::set<std::string> where_there_is_more_room(const directory::Snapshot& before, const directory::Snapshot& after);

// The change gives the recipient another way, or more room in its mailbox: what kept it says nothing any more.
[[nodiscard]] bool is_moved_by(const directory::Snapshot& before, const RecipientPlan& plan_before, const directory::Snapshot& after,
                               const RecipientPlan& plan_after);

}  // namespace hikyaku::delivery
