// Where an account's mail goes by its forward, and by the forwards of the accounts here that it leads to, all in one look:
// a circle of accounts is seen before any mail is made. Pure.
#pragma once

#include "services/delivery/recipient_plan.h"

namespace hikyaku::delivery {

constexpr std::size_t most_forwards_followed = 100;  // accounts; mail for one beyond stays in its mailbox

struct ForwardWalk {
  ToForwards forwards;                  // nothing in `through`: the mail stays where it is
  std::vector<Address> not_for_sender;  // accounts whose forwards are for other senders
  std::vector<Address> led_back;        // accounts that were met again
};
// A circle in which nobody keeps the mail leaves it in the mailbox it was for.
[[nodiscard]] ForwardWalk follow_forwards(const directory::Snapshot& directory, const directory::LocalTarget& from, const ReversePath& sender);

}  // namespace hikyaku::delivery
