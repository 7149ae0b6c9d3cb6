// Who is told what (RFC 3461 §5, §6; RFC 5321 §6.1): decides whether an outcome of a recipient makes a notification.
#pragma once

#include "mail/envelope.h"
#include "services/delivery/report/delivery_report.h"

namespace hikyaku::delivery {

// True when the sender is to be told that `action` happened to `recipient`. Never for a null reverse-path: a bounce is
// not bounced. Without NOTIFY failures and delays are reported, successes are not (RFC 3461 §4.1, §6.2.2).
[[nodiscard]] bool wants_notification(const Envelope& envelope, const Recipient& recipient, Action action);

}  // namespace hikyaku::delivery
