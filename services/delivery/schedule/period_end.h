// When a deferred recipient is given up, should nothing change: what its timer, the sender's notice and the operator's view
// say, by the very rules that conclude() decides by. Pure.
#pragma once

#include <string_view>

#include "mail/envelope.h"
#include "services/delivery/schedule/retry_table.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

// What decides which rules are a recipient's.
struct RuledBy {
  std::string_view domain;  // its own
  std::string_view key;     // of its destination
  MailKind kind = MailKind::Ordinary;
};

[[nodiscard]] inline MailKind kind_of(const Envelope& envelope) { return envelope.reverse_path.is_null() ? MailKind::ErrorMail : MailKind::Ordinary; }

// `stood_still`: since its first failure, without schedule.paused. Never tried: WallTime::max(), since no period runs. Of a
// counted class the time of the last attempt, should each fail as the last one did. Rounded up: nobody is given up early.
[[nodiscard]] WallTime period_end(const RetryTable& rules, const RuledBy& by, const spool::Schedule& schedule, Duration stood_still);

// The same, had the last attempt failed with `failure`: a probe's, which was everybody's. Up to then nobody is given up by it.
[[nodiscard]] WallTime period_end_after(FailureClass failure, const RetryTable& rules, const RuledBy& by, spool::Schedule schedule, Duration stood_still);

}  // namespace hikyaku::delivery
