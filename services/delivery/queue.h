// The queue as the operator sees it: pages of it, and its destinations. The same code runs inside `deliver` (asked through
// run/deliver-control.sock) and in the command line, which takes the spool's lock itself when deliver is stopped.
// Blocking: call on workers. queue_actions.h changes the queue.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/delivery/queue_filter.h"
#include "services/directory/hold.h"
#include "services/spool/spool.h"

namespace hikyaku::delivery {

enum class QueueState : std::uint8_t { Incoming, Deferred };

// One recipient that is not settled.
struct QueueItem {
  TraceId id;
  QueueState state = QueueState::Incoming;
  std::string sender, recipient, sent_by;  // sent_by: the account that logged in to send it
  std::uint32_t recipient_index = 0;
  std::uint64_t octets = 0;
  WallTime accepted_at{};
  std::int8_t priority = 0;              // RFC 6710
  std::optional<WallTime> release_at;    // RFC 4865
  std::optional<DeliverBy> deliver_by;   // RFC 2852
  // Deferred only:
  std::string destination, last_reply, via;
  std::uint8_t failure_class = 0;
  std::uint32_t attempts = 0;
  WallTime first_failed{}, last_tried{}, next_due{};
  std::uint64_t hold = 0;  // that keeps it; 0: none, or nobody looked
  friend bool operator==(const QueueItem&, const QueueItem&) = default;
};

// A place in a listing: deferred recipients first, then those of mail that waits for its first attempt. It stays good while
// the queue changes; what moves between two pages may be listed twice or not at all. A listing that is one page has it once.
struct QueueCursor {
  spool::DeferredCursor deferred = 0;
  std::optional<spool::FreshCursor> fresh;  // given: deferred ones are behind it
  friend bool operator==(const QueueCursor&, const QueueCursor&) = default;
};
// As operators give it back: "4711", "i1-12-4096-0".
[[nodiscard]] std::string text_of(const QueueCursor& cursor);
[[nodiscard]] std::optional<QueueCursor> parse_queue_cursor(std::string_view text);

struct QueueList {
  std::vector<QueueItem> items;
  std::optional<QueueCursor> next;  // nothing: that was all. Given with fewer items than asked for: it was enough (list_queue)
  std::vector<directory::Hold> holds;  // those that items name: id, scope, pattern and reason
  // Null: none.
  [[nodiscard]] const directory::Hold* hold_of(const QueueItem& item) const;
};
// Who may read incoming on, to count it: only who owns the spool alone (`deliver` stopped), or mail would not be delivered in this life.
enum class ReadIncoming : std::uint8_t { No, Yes };
// At most `limit` matching recipients. A page of a million costs milliseconds, a rare match a scan of them: about 20. `enough` ends
// a longer one: its page has what was found by then, and says where the search goes on.
[[nodiscard]] spool::SpoolResult<QueueList> list_queue(spool::Spool& spool, const QueueFilter& filter, const QueueCursor& after,
                                                       std::size_t limit, WallTime now, const spool::Enough& enough = {});

// What waits for one destination.
struct DestinationSummary {
  static constexpr std::size_t buckets = 10;
  // Upper ends of the ages (since acceptance) that `by_age` counts, in minutes; the last has none.
  static constexpr std::array<std::uint32_t, buckets - 1> bucket_minutes = {5, 10, 20, 40, 80, 160, 320, 640, 1280};

  std::string destination;
  std::uint64_t recipients = 0, messages = 0, octets = 0;
  std::array<std::uint64_t, buckets> by_age{};
  // Of the attempt made last.
  std::uint8_t failure_class = 0;
  std::uint32_t attempts = 0;
  std::string last_reply;
  WallTime last_tried{};
  std::optional<WallTime> oldest_accepted;
  WallTime first_failed{}, next_due{};
  // Told by a running `deliver` only:
  std::optional<std::uint8_t> health;  // schedule/destination.h's Health
  std::optional<WallTime> probed_again;  // nothing answers there: until then nothing is tried
  std::optional<WallTime> gives_up;      // the first of them, if nothing changes
  friend bool operator==(const DestinationSummary&, const DestinationSummary&) = default;
};
// A place in that order: behind a destination that had so many recipients.
struct SummaryCursor {
  std::uint64_t recipients = 0;
  std::string destination;
  friend bool operator==(const SummaryCursor&, const SummaryCursor&) = default;
};
// As operators give it back: "17/mx:example.net".
[[nodiscard]] std::string text_of(const SummaryCursor& cursor);
[[nodiscard]] std::optional<SummaryCursor> parse_summary_cursor(std::string_view text);
struct QueueSummary {
  std::vector<DestinationSummary> destinations;  // most recipients first
  std::uint64_t left_out = 0;                    // destinations behind those
  DestinationSummary all;                        // sums, of those before the page and behind it too
  // Where the next page goes on; nothing: there is none.
  [[nodiscard]] std::optional<SummaryCursor> next() const {
    return left_out == 0 || destinations.empty() ? std::nullopt : std::optional(SummaryCursor{destinations.back().recipients, destinations.back().destination});
  }
};
// Of deferred recipients that match (addresses by their hashes). A look at every one: about 0.2 s for a million.
[[nodiscard]] spool::SpoolResult<QueueSummary> summarize_queue(spool::Spool& spool, const QueueFilter& filter, std::size_t limit, WallTime now,
                                                              const std::optional<SummaryCursor>& after = {});

}  // namespace hikyaku::delivery
