// Delay notices (RFC 5321 §4.5.4.1, RFC 3464 §2.3.3 "delayed"): one for a message, when its first recipient has waited for
// the time set. DelayQueue knows when to look at which message; what it says of a recipient comes from its schedule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "mail/envelope.h"
#include "services/delivery/report/delivery_report.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

// Messages by the time of their first failed attempt: 24 octets each, and only until their notice was due once.
class DelayQueue {
 public:
  // A message may be here several times; whoever takes it looks at the spool.
  void add(const TraceId& message, WallTime first_failed);
  // At most `limit` of those whose time was `delay` ago or more, oldest first.
  [[nodiscard]] std::vector<TraceId> take_due(WallTime now, Duration delay, std::size_t limit);
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    WallTime first_failed;
    TraceId message;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  std::vector<Entry> heap_;
};

// What is to be done for one message now.
struct DelayDecision {
  enum class What : std::uint8_t { Nothing, Tell, LookAgain } what = What::Nothing;
  std::optional<WallTime> count_from;   // LookAgain: as if it had first failed then
  std::vector<std::uint32_t> whom;      // Tell: recipients the notice names
};
struct DelayQuestion {
  const Envelope& envelope;
  const std::vector<spool::Schedule>& schedules;  // all its deferred recipients
  WallTime now;
  Duration delay;
  std::function<Duration(const spool::Schedule&)> paused_since_failure;  // as in ConclusionContext, since its first
};
// Nothing: nobody is to be told, ever (null sender, told before, NOTIFY without DELAY). LookAgain: not now: the time has not
// come (delivery stood still), or only greylists are the reason. An attempt under way is no reason: it may last for hours.
[[nodiscard]] DelayDecision decide_delay(const DelayQuestion& question);

// Made from the last reply that was kept; `retried_until` is left out when attempts are counted and not timed.
[[nodiscard]] RecipientReport delayed_report(const Envelope& envelope, const spool::Schedule& schedule,
                                             std::optional<WallTime> retried_until);

}  // namespace hikyaku::delivery
