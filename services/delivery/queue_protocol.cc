#include "services/delivery/queue_protocol.h"

#include "base/wire.h"

namespace hikyaku::delivery {
namespace {

enum class Kind : std::uint8_t { List = 1, Count, Refusal = 4, Summary, Action, Hold = 40, Why };
constexpr std::size_t reply_text_limit = 400;  // of one last_reply: 1,000 items stay below a message's 1 MiB
constexpr std::size_t name_limit = 100;
constexpr std::uint32_t most_items = 1'000, most_destinations = 500, most_changes = 2'000;

std::uint64_t number(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
WallTime time(std::uint64_t n) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(n)}}; }

void put(WireWriter& out, const TraceId& id) { out.u32(std::uint32_t{id.node} << 16 | id.journal).u32(id.owner).u64(id.sequence); }
TraceId get_id(WireReader& in) {
  const auto where = in.u32();
  const auto owner = in.u32();
  return {static_cast<std::uint16_t>(where >> 16), static_cast<std::uint16_t>(where), owner, in.u64()};
}

void put(WireWriter& out, const std::optional<WallTime>& when) { out.u8(when.has_value()).u64(when ? number(*when) : 0); }
std::optional<WallTime> get_time(WireReader& in) {
  const bool given = in.u8() != 0;
  const auto when = time(in.u64());
  return given ? std::optional(when) : std::nullopt;
}

void put(WireWriter& out, const QueueFilter& filter) {
  out.u8(filter.id.has_value());
  put(out, filter.id.value_or(TraceId{}));
  out.text(filter.sender).text(filter.recipient).text(filter.domain).text(filter.account).text(filter.destination).text(filter.error).text(filter.code);
  out.u8(filter.failure_class.has_value()).u8(filter.failure_class.value_or(0));
  out.u64(static_cast<std::uint64_t>(filter.at_least_old.count()));
  out.u8(filter.at_most_old.has_value()).u64(static_cast<std::uint64_t>(filter.at_most_old.value_or(Duration{}).count()));
  out.u64(filter.least_octets).u64(filter.most_octets);
}
QueueFilter get_filter(WireReader& in) {
  QueueFilter filter;
  const bool has_id = in.u8() != 0;
  const auto id = get_id(in);
  if (has_id) filter.id = id;
  filter.sender = in.text(), filter.recipient = in.text(), filter.domain = in.text(), filter.account = in.text();
  filter.destination = in.text(), filter.error = in.text(), filter.code = in.text();
  const bool has_class = in.u8() != 0;
  const auto failure_class = in.u8();
  if (has_class) filter.failure_class = failure_class;
  filter.at_least_old = Duration{static_cast<std::int64_t>(in.u64())};
  const bool has_most = in.u8() != 0;
  const Duration most{static_cast<std::int64_t>(in.u64())};
  if (has_most) filter.at_most_old = most;
  filter.least_octets = in.u64(), filter.most_octets = in.u64();
  return filter;
}

void put(WireWriter& out, const QueueItem& item) {
  put(out, item.id);
  out.u8(static_cast<std::uint8_t>(item.state)).text(item.sender).text(item.recipient).text(item.sent_by).u32(item.recipient_index);
  out.u64(item.octets).u64(number(item.accepted_at)).text(item.destination);
  out.text(std::string_view(item.last_reply).substr(0, reply_text_limit));
  out.u8(item.failure_class).u32(item.attempts).u64(number(item.first_failed)).u64(number(item.last_tried)).u64(number(item.next_due));
  out.text(item.via).varint(item.hold).u8(static_cast<std::uint8_t>(item.priority)).u64(number(item.release_at.value_or(WallTime{})));
  const auto by = item.deliver_by.value_or(DeliverBy{});
  out.u64(number(by.deadline)).u8(static_cast<std::uint8_t>((by.mode == ByMode::Return ? 1 : 0) | (by.trace ? 2 : 0)));
}
QueueItem get_item(WireReader& in) {
  QueueItem item;
  item.id = get_id(in);
  item.state = in.u8() == 1 ? QueueState::Deferred : QueueState::Incoming;
  item.sender = in.text(), item.recipient = in.text(), item.sent_by = in.text(), item.recipient_index = in.u32();
  item.octets = in.u64(), item.accepted_at = time(in.u64()), item.destination = in.text(), item.last_reply = in.text();
  item.failure_class = in.u8(), item.attempts = in.u32(), item.first_failed = time(in.u64()), item.last_tried = time(in.u64());
  item.next_due = time(in.u64()), item.via = in.text();
  item.hold = in.varint(), item.priority = static_cast<std::int8_t>(in.u8());
  if (const auto release = time(in.u64()); release != WallTime{}) item.release_at = release;
  const auto deadline = time(in.u64());
  const auto how = in.u8();
  if (deadline != WallTime{}) item.deliver_by = DeliverBy{deadline, (how & 1) != 0 ? ByMode::Return : ByMode::Notify, (how & 2) != 0};
  return item;
}

void put(WireWriter& out, const spool::SpoolCounts& counts) {
  out.u64(counts.incoming_messages).u64(counts.incoming_octets).u64(counts.incoming_unread_octets);
  out.u64(counts.holding_messages).u64(counts.holding_octets).u64(counts.domains_recipients);
  put(out, counts.incoming_oldest);
  put(out, counts.holding_oldest);
  put(out, counts.domains_oldest);
  out.u64(counts.damaged_records);
}
spool::SpoolCounts get_counts(WireReader& in) {
  spool::SpoolCounts counts;
  counts.incoming_messages = in.u64(), counts.incoming_octets = in.u64(), counts.incoming_unread_octets = in.u64();
  counts.holding_messages = in.u64(), counts.holding_octets = in.u64(), counts.domains_recipients = in.u64();
  counts.incoming_oldest = get_time(in), counts.holding_oldest = get_time(in), counts.domains_oldest = get_time(in), counts.damaged_records = in.u64();
  return counts;
}

void put(WireWriter& out, const DestinationSummary& one) {
  out.text(one.destination).u64(one.recipients).u64(one.messages).u64(one.octets);
  for (const auto count : one.by_age) out.varint(count);
  out.u8(one.failure_class).u32(one.attempts).text(std::string_view(one.last_reply).substr(0, reply_text_limit)).u64(number(one.last_tried));
  put(out, one.oldest_accepted);
  out.u64(number(one.first_failed)).u64(number(one.next_due));
  out.u8(one.health ? static_cast<std::uint8_t>(*one.health + 1) : 0);
  put(out, one.probed_again);
  put(out, one.gives_up);
}
DestinationSummary get_summary(WireReader& in) {
  DestinationSummary one;
  one.destination = in.text(), one.recipients = in.u64(), one.messages = in.u64(), one.octets = in.u64();
  for (auto& count : one.by_age) count = in.varint();
  one.failure_class = in.u8(), one.attempts = in.u32(), one.last_reply = in.text(), one.last_tried = time(in.u64());
  one.oldest_accepted = get_time(in);
  one.first_failed = time(in.u64()), one.next_due = time(in.u64());
  if (const auto health = in.u8(); health > 0) one.health = static_cast<std::uint8_t>(health - 1);
  one.probed_again = get_time(in), one.gives_up = get_time(in);
  return one;
}

void put(WireWriter& out, const QueueCursor& cursor) {
  const auto fresh = cursor.fresh.value_or(spool::FreshCursor{});
  out.u32(cursor.deferred).u8(cursor.fresh.has_value()).u32(fresh.journal).u64(fresh.at.segment.value()).u32(fresh.at.offset).u32(fresh.recipient);
}
QueueCursor get_cursor(WireReader& in) {
  QueueCursor cursor{in.u32(), std::nullopt};
  const bool given = in.u8() != 0;
  spool::FreshCursor fresh;
  fresh.journal = static_cast<std::uint16_t>(in.u32());
  fresh.at.segment = storage::SegmentNumber{in.u64()};
  fresh.at.offset = in.u32(), fresh.recipient = in.u32();
  if (given) cursor.fresh = fresh;
  return cursor;
}

void put_kind(WireWriter& out, Kind kind) { out.u8(static_cast<std::uint8_t>(kind)); }

void put_request(WireWriter& out, const QueueListRequest& list) {
  put_kind(out, Kind::List);
  put(out, list.filter);
  put(out, list.after);
  out.u32(list.limit);
}
void put_request(WireWriter& out, const QueueCountRequest&) { put_kind(out, Kind::Count); }
void put_request(WireWriter& out, const QueueSummaryRequest& summary) {
  put_kind(out, Kind::Summary);
  put(out, summary.filter);
  const auto after = summary.after.value_or(SummaryCursor{});
  out.u32(summary.limit).u8(summary.after.has_value()).u64(after.recipients).text(after.destination);
}
void put_request(WireWriter& out, const QueueActionRequest& act) {
  put_kind(out, Kind::Action);
  put(out, act.filter);
  out.u8(static_cast<std::uint8_t>(act.action.kind)).text(act.action.to).u8(act.run == ActionRun::Real);
  put(out, act.after);
  out.u32(act.limit).text(act.by);
}

void put_request(WireWriter& out, const QueueHoldRequest& hold) {
  put_kind(out, Kind::Hold);
  out.u8(static_cast<std::uint8_t>(hold.scope)).text(hold.pattern).varint(hold.id);
}

void put_request(WireWriter& out, const QueueWhyRequest& why) {
  put_kind(out, Kind::Why);
  out.u8(why.id.has_value());
  put(out, why.id.value_or(TraceId{}));
  out.text(why.domain);
}
QueueWhyRequest get_why(WireReader& in) {
  QueueWhyRequest why;
  const bool given = in.u8() != 0;
  const auto id = get_id(in);
  if (given) why.id = id;
  why.domain = in.text();
  return why;
}

void put_reply(WireWriter& out, const WhyAnswer& why) {
  put_kind(out, Kind::Why);
  out.varint(why.recipients.size());
  for (const auto& one : why.recipients) {
    put(out, one.item);
    out.u8(static_cast<std::uint8_t>(one.place));
    put(out, one.spent);
  }
  out.varint(why.destinations.size());
  for (const auto& one : why.destinations) put(out, one);
  out.varint(why.deferred.size());
  for (const auto& one : why.deferred) put(out, one);
  out.u8(why.server.has_value());
  if (why.server) put(out, *why.server);
}
WhyAnswer get_why_answer(WireReader& in) {
  WhyAnswer why;
  for (auto count = in.varint(); count > 0 && !in.broken(); --count) {
    RecipientNow one{get_item(in), static_cast<Place>(std::min<std::uint8_t>(in.u8(), static_cast<std::uint8_t>(Place::Mailbox))), {}};
    one.spent = get_cause_clock(in);
    why.recipients.push_back(std::move(one));
  }
  for (auto count = in.varint(); count > 0 && !in.broken(); --count) why.destinations.push_back(get_destination_now(in));
  for (auto count = in.varint(); count > 0 && !in.broken(); --count) why.deferred.push_back(get_summary(in));
  if (in.u8() != 0) why.server = get_server_now(in);
  return why;
}
void put_reply(WireWriter& out, const HoldCount& held) {
  put_kind(out, Kind::Hold);
  out.u64(held.incoming).u64(held.deferred).u64(held.octets).u8(held.whole);
}
void put_reply(WireWriter& out, const QueueList& list) {
  put_kind(out, Kind::List);
  out.u8(list.next.has_value());
  put(out, list.next.value_or(QueueCursor{}));
  out.varint(list.items.size());
  for (const auto& item : list.items) put(out, item);
  out.varint(list.holds.size());
  for (const auto& hold : list.holds) out.varint(hold.id).u8(static_cast<std::uint8_t>(hold.scope)).text(hold.pattern).text(hold.reason);
}
std::vector<directory::Hold> get_holds(WireReader& in) {
  std::vector<directory::Hold> holds;
  for (auto count = in.varint(); count > 0 && !in.broken(); --count) {
    auto& hold = holds.emplace_back();
    hold.id = in.varint();
    hold.scope = static_cast<directory::HoldScope>(std::min<std::uint8_t>(in.u8(), static_cast<std::uint8_t>(directory::last_hold_scope)));
    hold.pattern = in.text(), hold.reason = in.text();
  }
  return holds;
}
void put_reply(WireWriter& out, const spool::SpoolCounts& counts) {
  put_kind(out, Kind::Count);
  put(out, counts);
}
void put_reply(WireWriter& out, const QueueSummary& summary) {
  put_kind(out, Kind::Summary);
  put(out, summary.all);
  out.u64(summary.left_out).varint(summary.destinations.size());
  for (const auto& one : summary.destinations) put(out, one);
}
void put_reply(WireWriter& out, const QueueActionReply& reply) {
  put_kind(out, Kind::Action);
  out.u64(reply.recipients);
  out.u8(reply.next.has_value());
  put(out, reply.next.value_or(QueueCursor{}));
  out.varint(reply.troubles.size());
  for (const auto& trouble : reply.troubles) out.text(trouble);
  out.varint(reply.kept.size());
  for (const auto& [hold, recipients] : reply.kept) out.u64(hold).u64(recipients);
}
void put_reply(WireWriter& out, const QueueRefusal& refusal) {
  put_kind(out, Kind::Refusal);
  out.text(refusal.what);
}

std::optional<QueueRequest> get_action(WireReader& in) {
  QueueActionRequest act;
  act.filter = get_filter(in);
  const auto kind = in.u8();
  if (kind > static_cast<std::uint8_t>(last_queue_action)) return std::nullopt;
  act.action.kind = static_cast<QueueActionKind>(kind);
  act.action.to = in.text();
  act.run = in.u8() != 0 ? ActionRun::Real : ActionRun::Dry;
  act.after = get_cursor(in);
  act.limit = std::min(in.u32(), most_changes);
  act.by = in.text().substr(0, name_limit);
  return act;
}

}  // namespace

std::string encode(const QueueRequest& request) {
  WireWriter out;
  std::visit([&](const auto& one) { put_request(out, one); }, request);
  return std::move(out).bytes();
}

std::optional<QueueRequest> decode_queue_request(std::string_view bytes) {
  WireReader in(bytes);
  std::optional<QueueRequest> request;
  switch (static_cast<Kind>(in.u8())) {
    case Kind::List: {
      QueueListRequest list;
      list.filter = get_filter(in);
      list.after = get_cursor(in);
      list.limit = std::min(in.u32(), most_items);
      request = std::move(list);
      break;
    }
    case Kind::Count: request = QueueCountRequest{}; break;
    case Kind::Summary: {
      QueueSummaryRequest summary;
      summary.filter = get_filter(in);
      summary.limit = std::min(in.u32(), most_destinations);
      const bool given = in.u8() != 0;
      SummaryCursor after{in.u64(), std::string(in.text())};
      if (given) summary.after = std::move(after);
      request = std::move(summary);
      break;
    }
    case Kind::Hold: {
      const auto scope = in.u8();
      QueueHoldRequest hold{directory::HoldScope::All, std::string(in.text()), in.varint()};
      hold.scope = static_cast<directory::HoldScope>(scope);
      if (scope <= static_cast<std::uint8_t>(directory::last_hold_scope)) request = std::move(hold);
      break;
    }
    case Kind::Action: request = get_action(in); break;
    case Kind::Why: request = get_why(in); break;
    default: break;
  }
  return in.complete() ? request : std::nullopt;
}

std::string encode(const QueueReply& reply) {
  WireWriter out;
  std::visit([&](const auto& one) { put_reply(out, one); }, reply);
  return std::move(out).bytes();
}

std::optional<QueueReply> decode_queue_reply(std::string_view bytes) {
  WireReader in(bytes);
  std::optional<QueueReply> reply;
  switch (static_cast<Kind>(in.u8())) {
    case Kind::List: {
      QueueList list;
      const bool more = in.u8() != 0;
      const auto next = get_cursor(in);
      if (more) list.next = next;
      const auto count = in.varint();
      for (std::uint64_t n = 0; n < count && !in.broken(); ++n) list.items.push_back(get_item(in));
      list.holds = get_holds(in);
      reply = std::move(list);
      break;
    }
    case Kind::Count: reply = get_counts(in); break;
    case Kind::Hold: {
      HoldCount count;
      count.incoming = in.u64(), count.deferred = in.u64(), count.octets = in.u64(), count.whole = in.u8() != 0;
      reply = count;
      break;
    }
    case Kind::Summary: {
      QueueSummary summary;
      summary.all = get_summary(in);
      summary.left_out = in.u64();
      const auto count = in.varint();
      for (std::uint64_t n = 0; n < count && !in.broken(); ++n) summary.destinations.push_back(get_summary(in));
      reply = std::move(summary);
      break;
    }
    case Kind::Action: {
      QueueActionReply act;
      act.recipients = in.u64();
      const bool more = in.u8() != 0;
      const auto next = get_cursor(in);
      if (more) act.next = next;
      const auto count = in.varint();
      for (std::uint64_t n = 0; n < count && !in.broken(); ++n) act.troubles.emplace_back(in.text());
      const auto holds = in.varint();
      for (std::uint64_t n = 0; n < holds && !in.broken(); ++n) {
        const auto hold = in.u64();
        act.kept[hold] = in.u64();
      }
      reply = std::move(act);
      break;
    }
    case Kind::Why: reply = get_why_answer(in); break;
    case Kind::Refusal: reply = QueueRefusal{std::string(in.text())}; break;
    default: break;
  }
  return in.complete() ? std::move(reply) : std::nullopt;
}

}  // namespace hikyaku::delivery
