// What an operator does to deferred recipients: try now, bounce, delete, send elsewhere. Each is a recorded outcome or
// schedule, written in groups, so that a crash leaves every recipient either as it was or as it was to be, and repeating
// the command does the rest. Blocking: call on workers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/delivery/next_hop.h"
#include "services/delivery/queue_filter.h"
#include "services/delivery/report/report_mail.h"
#include "services/spool/spool.h"

namespace hikyaku::delivery {

enum class QueueActionKind : std::uint8_t {
  Retry,          // due now; its period goes on, and the attempt counts as any other
  Bounce,         // given up, and the sender is told as RFC 3464 says (nobody, for the null reverse-path or NOTIFY=NEVER)
  Delete,         // discarded; nobody is told
  RedirectHost,   // to the next hop `to` from now on, due now
  RedirectAddress // a new mail with the same text and sender to `to`; RFC 3461 §5.2.7's ORCPT names the old one
};
struct QueueAction {
  QueueActionKind kind = QueueActionKind::Retry;
  std::string to;
  friend bool operator==(const QueueAction&, const QueueAction&) = default;
};

// "host", "host:port", "192.0.2.1:25", "[2001:db8::1]:25". Nothing: it is none of these.
[[nodiscard]] std::optional<NextHop> parse_chosen_hop(std::string_view text);

// A recipient whose timer is another now, or none.
struct Touched {
  TraceId id;
  std::uint32_t recipient = 0;
  std::string destination;               // it waited for
  std::optional<spool::Schedule> again;  // nothing: it has ended
  // Of what has ended, for the log; empty where the envelope could not be read:
  std::string sender = {}, address = {}, last_reply = {};
  std::optional<WallTime> accepted_at = {};
  std::optional<TraceId> became = {};    // redirected: the new mail
};
struct ActionPage {
  std::uint64_t changed = 0;
  std::vector<Touched> touched;
  std::optional<spool::DeferredCursor> next;  // nothing: all were looked at
  std::vector<std::string> troubles;          // of messages that could not be changed (a damaged text); at most 10
};
using ActionContext = ReportOrigin;

// Of the recipients from `after` on, at most `limit` that match. Every match is verified on its envelope.
[[nodiscard]] spool::SpoolResult<ActionPage> act_on_queue(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action,
                                                          spool::DeferredCursor after, std::size_t limit, const ActionContext& context);

}  // namespace hikyaku::delivery
