#include "services/delivery/notification.h"

namespace hikyaku::delivery {

bool wants_notification(const Envelope& envelope, const Recipient& recipient, Action action) {
  if (envelope.reverse_path.is_null()) return false;
  const Notify& notify = recipient.notify;
  if (notify.never) return false;
  const bool given = notify.success || notify.failure || notify.delay;
  switch (action) {
    case Action::Failed: return !given || notify.failure;
    case Action::Delayed: return !given || notify.delay;
    case Action::Delivered:
    case Action::Relayed:
    case Action::Expanded: return notify.success;
  }
  return false;
}

}  // namespace hikyaku::delivery
