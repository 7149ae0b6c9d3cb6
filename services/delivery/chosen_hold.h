// Mail that an operator chose from the queue waits under a hold of its own (HoldScope::Chosen): its schedule names the hold in
// place of a destination. So nothing is kept beside the spool's records, and the hold's time counts by the same rules as any.
#pragma once

#include <span>

#include "services/delivery/schedule/stood_still.h"
#include "services/directory/hold.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

// The hold that keeps it now; null: none, or it is over.
[[nodiscard]] const directory::Hold* chosen_hold(const spool::Schedule& schedule, std::span<const directory::Hold> holds, WallTime now);

// It leaves the hold that its schedule names, and stands nowhere until it is planned: the schedule tells from now on when it was
// under the hold since its first failure. Of other mail nothing changes.
void leave_chosen_hold(spool::Schedule& schedule, std::span<const directory::Hold> holds, WallTime now);

}  // namespace hikyaku::delivery
