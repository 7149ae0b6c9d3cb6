#include "services/delivery/queue.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/cursor.h"
#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::delivery {
namespace {

QueueItem item_of(const Envelope& envelope, std::uint32_t recipient) {
  QueueItem item;
  item.id = envelope.id;
  item.sender = envelope.reverse_path.text();
  item.recipient = envelope.recipients[recipient].address.text();
  item.sent_by = envelope.account;
  item.recipient_index = recipient;
  item.octets = envelope.body_octets;
  item.accepted_at = envelope.accepted_at;
  item.priority = envelope.priority;
  if (envelope.release) item.release_at = envelope.release->at;
  item.deliver_by = envelope.deliver_by;
  return item;
}

QueueItem item_of(const Envelope& envelope, spool::Schedule schedule) {
  auto item = item_of(envelope, schedule.recipient);
  item.state = QueueState::Deferred;
  item.destination = std::move(schedule.destination);
  item.last_reply = std::move(schedule.last_reply);
  item.via = std::move(schedule.via);
  item.failure_class = static_cast<std::uint8_t>(failure_class_of(schedule.failure_class));
  item.attempts = schedule.attempts;
  item.first_failed = schedule.first_failed;
  item.last_tried = schedule.last_tried;
  item.next_due = schedule.next_due;
  return item;
}

class Listing {
 public:
  Listing(spool::Spool& spool, const QueueFilter& filter, std::size_t limit, WallTime now, const spool::Enough& enough)
      : spool_(spool), filter_(filter), limit_(limit), now_(now), enough_(enough) {}

  // False: the page is full, and `next` says where the next begins.
  spool::SpoolResult<bool> deferred(spool::DeferredCursor from) {
    const auto searched = for_spool(filter_, now_);
    for (std::optional<spool::DeferredCursor> at = from; at;) {
      TRY(page, spool_.find_deferred(searched, *at, limit_ - list.items.size(), enough_));
      for (auto& one : page.found) add(one);
      at = page.next;
      const bool goes_on = list.items.size() < limit_ && !(enough_ && enough_());
      if (goes_on || !at) continue;
      list.next = QueueCursor{*at, std::nullopt};
      return false;
    }
    return true;
  }

  void deferred_of(const TraceId& id) {
    for (auto& one : spool_.deferred(id)) add(one);
  }

  spool::SpoolResult<> fresh(const spool::FreshCursor& from) {
    TRY(page, find_fresh(from, limit_ - std::min(limit_, list.items.size())));
    for (const auto& one : page.found) list.items.push_back(item_of(one.envelope, one.recipient));
    if (page.next) list.next = QueueCursor{0, *page.next};
    return {};
  }

  spool::SpoolResult<spool::FreshPage> all_fresh() { return find_fresh({}, limit_); }
  // What all_fresh() found before the deferred were looked for: so who became one of them meanwhile is not missed. False: it is no single page.
  bool add_all_fresh(const spool::FreshPage& before) {
    if (before.next) return false;
    std::set<std::pair<TraceId, std::uint32_t>> deferred;
    for (const auto& item : list.items) deferred.emplace(item.id, item.recipient_index);
    const auto is_new = [&](const auto& one) { return !deferred.contains({one.envelope.id, one.recipient}); };
    if (list.items.size() + static_cast<std::size_t>(std::ranges::count_if(before.found, is_new)) > limit_) return false;
    for (const auto& one : before.found)
      if (is_new(one)) list.items.push_back(item_of(one.envelope, one.recipient));
    return true;
  }

  QueueList list;

 private:
  void add(spool::DeferredRecipient& one) {
    if (!schedule_matches(filter_, one.id, one.schedule)) return;
    const auto envelope = spool_.envelope({one.id, 0, {}});  // none: settled meanwhile, or damaged
    if (!envelope || one.schedule.recipient >= envelope->recipients.size()) return;
    if (envelope_matches(filter_, *envelope, one.schedule.recipient, now_)) list.items.push_back(item_of(*envelope, std::move(one.schedule)));
  }

  spool::Spool& spool_;
  const QueueFilter& filter_;
  const std::size_t limit_;
  const WallTime now_;
  const spool::Enough& enough_;

  spool::SpoolResult<spool::FreshPage> find_fresh(const spool::FreshCursor& from, std::size_t limit) {
    return spool_.find_fresh(fresh_for_spool(filter_, now_), from, limit, enough_);
  }
};

std::size_t bucket_of(Duration age) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age).count();
  const auto& ends = DestinationSummary::bucket_minutes;
  return static_cast<std::size_t>(std::ranges::upper_bound(ends, minutes) - ends.begin());
}

struct Collected {
  DestinationSummary summary;
  TraceId newest, last_seen;  // with the last attempt; the message counted last
  std::uint32_t newest_recipient = 0;
};

// Of two times that may never have been (the epoch: held or kept before any attempt).
WallTime earlier(WallTime one, WallTime other) { return one == WallTime{} || (other != WallTime{} && other < one) ? other : one; }

void collect(Collected& into, const spool::DeferredTimes& one, WallTime now) {
  auto& summary = into.summary;
  const bool first = summary.recipients++ == 0;
  if (first || one.id != into.last_seen) {  // recipients of a message mostly stand together
    ++summary.messages;
    summary.octets += one.body_octets;
  }
  into.last_seen = one.id;
  if (one.accepted_at) {
    ++summary.by_age[bucket_of(now - *one.accepted_at)];
    if (!summary.oldest_accepted || *one.accepted_at < *summary.oldest_accepted) summary.oldest_accepted = one.accepted_at;
  }
  summary.first_failed = earlier(summary.first_failed, one.first_failed);
  if (first || one.next_due < summary.next_due) summary.next_due = one.next_due;
  if (!first && one.last_tried <= summary.last_tried) return;
  summary.last_tried = one.last_tried;
  summary.failure_class = static_cast<std::uint8_t>(failure_class_of(one.failure_class));
  summary.attempts = one.attempts;
  into.newest = one.id;
  into.newest_recipient = one.recipient;
}

void add_up(DestinationSummary& all, const DestinationSummary& one) {
  const bool first = all.recipients == 0;
  all.recipients += one.recipients, all.messages += one.messages, all.octets += one.octets;
  for (std::size_t n = 0; n < one.by_age.size(); ++n) all.by_age[n] += one.by_age[n];
  if (one.oldest_accepted && (!all.oldest_accepted || *one.oldest_accepted < *all.oldest_accepted)) all.oldest_accepted = one.oldest_accepted;
  all.first_failed = earlier(all.first_failed, one.first_failed);
  if (first || one.next_due < all.next_due) all.next_due = one.next_due;
}

}  // namespace

std::string text_of(const QueueCursor& cursor) {
  if (!cursor.fresh) return std::to_string(cursor.deferred);
  const auto& at = *cursor.fresh;
  return "i" + std::to_string(at.journal) + "-" + std::to_string(at.at.segment.value()) + "-" + std::to_string(at.at.offset) + "-" + std::to_string(at.recipient);
}

std::optional<QueueCursor> parse_queue_cursor(std::string_view text) {
  QueueCursor cursor;
  Cursor in(text);
  if (!text.starts_with('i')) {
    const auto number = parse_number(in, UINT32_MAX);
    if (!number || !in.at_end()) return std::nullopt;
    cursor.deferred = static_cast<spool::DeferredCursor>(*number);
    return cursor;
  }
  std::array<std::uint64_t, 4> numbers{};
  constexpr std::array<std::uint64_t, 4> most = {UINT16_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX};
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    if (!in.take(n == 0 ? 'i' : '-')) return std::nullopt;
    const auto number = parse_number(in, most[n]);
    if (!number) return std::nullopt;
    numbers[n] = *number;
  }
  if (!in.at_end()) return std::nullopt;
  cursor.fresh = spool::FreshCursor{static_cast<std::uint16_t>(numbers[0]), {storage::SegmentNumber{numbers[1]}, static_cast<std::uint32_t>(numbers[2])},
                                    static_cast<std::uint32_t>(numbers[3])};
  return cursor;
}

std::string text_of(const SummaryCursor& cursor) { return std::to_string(cursor.recipients) + "/" + cursor.destination; }

std::optional<SummaryCursor> parse_summary_cursor(std::string_view text) {
  Cursor in(text);
  const auto recipients = parse_number(in, UINT64_MAX);
  const auto slash = text.find('/');
  if (!recipients || !in.take('/')) return std::nullopt;
  return SummaryCursor{*recipients, std::string(text.substr(slash + 1))};
}

spool::SpoolResult<QueueList> list_queue(spool::Spool& spool, const QueueFilter& filter, const QueueCursor& after, std::size_t limit,
                                         WallTime now, const spool::Enough& enough) {
  Listing listing(spool, filter, limit, now, enough);
  const bool begins = after == QueueCursor{};
  std::optional<spool::FreshPage> before;
  if (begins && !only_deferred(filter)) {
    TRY(found, listing.all_fresh());
    before = std::move(found);
  }
  if (filter.id && begins) {
    listing.deferred_of(*filter.id);
  } else if (!after.fresh) {
    TRY(goes_on, listing.deferred(after.deferred));
    if (!goes_on) return std::move(listing.list);
  }
  if (only_deferred(filter) || (before && listing.add_all_fresh(*before))) return std::move(listing.list);
  TRY_VOID(listing.fresh(after.fresh.value_or(spool::FreshCursor{})));
  return std::move(listing.list);
}

spool::SpoolResult<QueueSummary> summarize_queue(spool::Spool& spool, const QueueFilter& filter, std::size_t limit, WallTime now,
                                                const std::optional<SummaryCursor>& after) {
  std::unordered_map<std::string, Collected> collected;
  const auto searched = for_spool(filter, now);
  for (std::optional<spool::DeferredCursor> from = 0; from;) {
    TRY(next, spool.deferred_times(searched, *from, 10'000, [&](const std::string& destination, const spool::DeferredTimes& one) {
      if (!filter.id || *filter.id == one.id) collect(collected[destination], one, now);
    }));
    from = next;
  }
  QueueSummary summary;
  std::vector<std::pair<const std::string*, Collected*>> order;
  for (auto& [destination, one] : collected) {
    add_up(summary.all, one.summary);
    const bool behind = !after || one.summary.recipients < after->recipients || (one.summary.recipients == after->recipients && destination > after->destination);
    if (behind) order.emplace_back(&destination, &one);
  }
  const auto shown = std::min(limit, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(shown), [](const auto& a, const auto& b) {
    return std::pair(b.second->summary.recipients, *a.first) < std::pair(a.second->summary.recipients, *b.first);
  });
  summary.left_out = order.size() - shown;
  order.resize(shown);
  for (const auto& [destination, one] : order) {
    one->summary.destination = *destination;
    for (auto& schedule : spool.deferred(one->newest))
      if (schedule.schedule.recipient == one->newest_recipient) one->summary.last_reply = std::move(schedule.schedule.last_reply);
    summary.destinations.push_back(std::move(one->summary));
  }
  return summary;
}

}  // namespace hikyaku::delivery
