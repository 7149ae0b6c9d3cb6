// ForgetLine: up to which id of a journal a mailbox may forget that it has a message already, because no delivery of it can
// be repeated. A pure rule over what the spool says from time to time.
//
// An id is given when a message begins to arrive, and may be committed long after higher ones: what the spool has not seen
// yet may lie below its lowest. But no session may be allowed to last longer than ten days (smtp.total_time), and none outlives
// the owner of its journal.
#pragma once

#include <algorithm>
#include <deque>

#include "base/clock.h"
#include "mail/trace_id.h"

namespace hikyaku::delivery {

class ForgetLine {
 public:
  static constexpr Duration longest_session = 241h;

  // `lowest`: of all that is not released and was accepted until `now`. Everything below the answer, of its node and
  // journal, cannot come again. Call it hourly or so: what it remembers is one entry a call, for those ten days.
  TraceId advance(Instant now, const TraceId& lowest) {
    seen_.push_back({now, lowest});
    while (seen_.size() > 1 && seen_[1].at + longest_session <= now) seen_.pop_front();
    // What an owner before this one began to take is either there or never will be.
    const TraceId of_owner{lowest.node, lowest.journal, lowest.owner, 0};
    const bool old_enough = seen_.front().at + longest_session <= now;
    return old_enough ? std::max(of_owner, std::min(seen_.front().lowest, lowest)) : of_owner;
  }

 private:
  struct Seen {
    Instant at;
    TraceId lowest;
  };
  std::deque<Seen> seen_;
};

}  // namespace hikyaku::delivery
