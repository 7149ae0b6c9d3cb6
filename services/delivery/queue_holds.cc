#include "services/delivery/queue_holds.h"

#include <algorithm>

#include "services/delivery/recipient_plan.h"
#include "services/directory/address_text.h"

namespace hikyaku::delivery {

HoldsInForce::HoldsInForce(std::shared_ptr<const directory::Snapshot> directory, WallTime now) : directory_(std::move(directory)), now_(now) {
  if (!directory_) return;
  for (const auto& hold : directory_->contents().holds)
    if (hold.runs(now)) running_.push_back(hold);
}

const directory::Hold* HoldsInForce::of(const QueueItem& item) const {
  if (running_.empty()) return nullptr;
  const auto recipient = directory::parse_address(item.recipient);
  std::string destination = item.destination, mailbox;
  if (recipient) {
    ReversePath sender;
    if (const auto address = directory::parse_address(item.sender)) sender = ReversePath{*address};
    const auto plan = plan_recipient(*directory_, {}, {sender, Recipient{*recipient, {}, {}}});
    if (destination.empty()) destination = destination_of(plan);
    if (const auto* target = std::get_if<ToMailbox>(&plan)) mailbox = target->target.address.text();
  }
  const auto* hold = directory::find_hold(running_, {recipient ? std::string_view(recipient->domain) : "", destination, item.sender, item.sent_by, mailbox}, now_);
  const bool routed = hold != nullptr && hold->action == directory::HoldAction::OtherRoute && item.state == QueueState::Incoming;
  return routed ? nullptr : hold;
}

void HoldsInForce::mark(QueueList& list) const {
  for (auto& item : list.items) {
    const auto* hold = of(item);
    item.hold = hold == nullptr ? 0 : hold->id;
    if (hold != nullptr && list.hold_of(item) == nullptr) list.holds.push_back(*hold);
  }
}

const directory::Hold* QueueList::hold_of(const QueueItem& item) const {
  const auto found = item.hold == 0 ? holds.end() : std::ranges::find(holds, item.hold, &directory::Hold::id);
  return found == holds.end() ? nullptr : &*found;
}

}  // namespace hikyaku::delivery
