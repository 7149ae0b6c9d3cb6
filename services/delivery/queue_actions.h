// What an operator does to recipients that wait, before their first attempt or after it: try now, bounce, delete, send
// elsewhere. Each is a recorded outcome or schedule, written in groups, so that a crash leaves every recipient either as it
// was or as it was to be, and repeating the command does the rest. A first attempt that is under way is left alone. Whoever an
// attempt wrote of between the command's look and its writing is looked at again: neither takes back what the other wrote.
// Blocking: call on workers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/delivery/in_hand.h"
#include "services/delivery/next_hop.h"
#include "services/delivery/queue.h"
#include "services/delivery/report/report_mail.h"
#include "services/directory/directory.h"
#include "services/spool/spool.h"

namespace hikyaku::delivery {

enum class QueueActionKind : std::uint8_t {
  Retry,          // due now; its period goes on, and the attempt counts as any other
  Bounce,         // given up, and the sender is told as RFC 3464 says (nobody, for the null reverse-path or NOTIFY=NEVER)
  Delete,         // discarded; nobody is told
  RedirectHost,   // to the next hop `to` from now on, due now
  RedirectAddress,// a new mail with the same text and sender to `to`; RFC 3461 §5.2.7's ORCPT names the old one
  Hold,           // waits under the hold of chosen mail that `to` is the key of; what another such hold keeps stays there
  Release,        // of what such a hold keeps: planned anew, due now
};
inline constexpr QueueActionKind last_queue_action = QueueActionKind::Release;
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
  std::optional<TraceId> became = {};    // redirected: the new mail; bounced: the report, if its sender wants one
  QueueState was = QueueState::Deferred;
  std::int8_t priority = 0;              // of what was fresh
};
// A place in the order of a command, which is another than a listing's: first those before their first attempt (`fresh` is
// given), then the deferred, where it meets whoever failed meanwhile.
inline const QueueCursor first_of_all{0, spool::FreshCursor{}};
struct ActionPage {
  std::uint64_t changed = 0;
  std::vector<Touched> touched;
  std::optional<QueueCursor> next;            // nothing: all were looked at
  std::vector<std::string> troubles;          // of messages that could not be changed (a damaged text); at most 10
  std::map<std::uint64_t, std::uint64_t> kept = {};  // Release: of those changed, how many another running hold keeps still, by its id
};
struct ActionContext : ReportOrigin {
  std::shared_ptr<const directory::Snapshot> directory = nullptr;  // tells of holds; null: nothing of them is known
};

// Of the recipients from `after` on, at most `limit` that match; fewer when it was `enough`. Every match is verified on its
// envelope. `in_hand`: of a running delivery; null: nobody else has the spool.
[[nodiscard]] spool::SpoolResult<ActionPage> act_on_queue(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action,
                                                          const QueueCursor& after, std::size_t limit, const ActionContext& context,
                                                          InHand* in_hand = nullptr, const spool::Enough& enough = {});
// How many match from there on; deferred ones by the hashes of their addresses.
struct ActionCount {
  std::uint64_t recipients = 0;
  std::optional<QueueCursor> next;
};
[[nodiscard]] spool::SpoolResult<ActionCount> count_for_action(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action,
                                                               const QueueCursor& after, WallTime now, const spool::Enough& enough = {});

}  // namespace hikyaku::delivery
