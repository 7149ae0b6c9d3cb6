// Conclusion: from what one attempt did to some recipients of a message to what is written down: outcomes, schedules, and
// the reports to the sender. Pure: the caller writes the reports' texts and hands all of it to the spool.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/delivery/attempt.h"
#include "services/delivery/report/delivery_report.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

struct Conclusion {
  std::vector<spool::RecipientOutcome> outcomes;
  std::vector<spool::Schedule> schedules;
  std::vector<RecipientReport> reports;       // for the sender; empty: nothing to tell
  std::vector<std::uint32_t> dead_letters;    // recipients of a notification of ours that was given up
};

struct ConclusionContext {
  const RetryRules& rules;
  WallTime now;
  std::string_view destination;                                   // key of the lane
  // Time since `from` in which delivery to the recipient stood still: stopped, held, our own trouble.
  std::function<Duration(std::uint32_t recipient, WallTime from)> paused_since;
  // Empty: `rules` for every recipient, and the wait the peer asked for.
  std::function<RetryRules(std::uint32_t recipient)> rules_for;
  std::function<std::optional<Duration>(const Attempt& attempt, Duration elapsed)> wait_for;
};

// Whom an operator sent elsewhere, or put under a hold, while the attempt was under way is not given up by it, but for a text that
// can never be sent: it is tried there, or kept there.
[[nodiscard]] Conclusion conclude(const Message& message, const std::vector<Attempt>& attempts,
                                  const ConclusionContext& context);

// What was concluded of these attempts was not written, for somebody else wrote of their recipients since `before` was read: they
// are as `now` tells. Those that have had their end are taken out and returned; `now` knows whom its history sends elsewhere.
[[nodiscard]] std::vector<std::uint32_t> take_over(const Message& before, Message& now, std::vector<Attempt>& attempts);

}  // namespace hikyaku::delivery
