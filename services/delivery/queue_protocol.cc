#include "services/delivery/queue_protocol.h"

#include "base/wire.h"

namespace hikyaku::delivery {
namespace {

enum class Kind : std::uint8_t { List = 1, Count, Retry, Refusal, Hold = 40 };
constexpr std::size_t reply_text_limit = 400;  // of one last_reply: 1,000 items stay below a message's 1 MiB
constexpr std::uint32_t most_items = 1'000;

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
  out.text(filter.sender).text(filter.recipient).text(filter.domain).text(filter.destination).text(filter.error);
  out.u64(static_cast<std::uint64_t>(filter.at_least_old.count()));
}
QueueFilter get_filter(WireReader& in) {
  QueueFilter filter;
  const bool has_id = in.u8() != 0;
  const auto id = get_id(in);
  if (has_id) filter.id = id;
  filter.sender = in.text(), filter.recipient = in.text(), filter.domain = in.text();
  filter.destination = in.text(), filter.error = in.text();
  filter.at_least_old = Duration{static_cast<std::int64_t>(in.u64())};
  return filter;
}

void put(WireWriter& out, const QueueItem& item) {
  put(out, item.id);
  out.u8(static_cast<std::uint8_t>(item.state)).text(item.sender).text(item.recipient).text(item.sent_by).u32(item.recipient_index);
  out.u64(item.octets).u64(number(item.accepted_at)).text(item.destination);
  out.text(std::string_view(item.last_reply).substr(0, reply_text_limit));
  out.u8(item.failure_class).u32(item.attempts).u64(number(item.first_failed)).u64(number(item.next_due));
}
QueueItem get_item(WireReader& in) {
  QueueItem item;
  item.id = get_id(in);
  item.state = in.u8() == 1 ? QueueState::Deferred : QueueState::Incoming;
  item.sender = in.text(), item.recipient = in.text(), item.sent_by = in.text(), item.recipient_index = in.u32();
  item.octets = in.u64(), item.accepted_at = time(in.u64()), item.destination = in.text(), item.last_reply = in.text();
  item.failure_class = in.u8(), item.attempts = in.u32(), item.first_failed = time(in.u64()), item.next_due = time(in.u64());
  return item;
}

void put(WireWriter& out, const spool::SpoolCounts& counts) {
  out.u64(counts.incoming_messages).u64(counts.incoming_octets).u64(counts.incoming_unread_octets);
  out.u64(counts.holding_messages).u64(counts.holding_octets).u64(counts.domains_recipients);
  put(out, counts.incoming_oldest);
  put(out, counts.domains_oldest);
  out.u64(counts.damaged_records);
}
spool::SpoolCounts get_counts(WireReader& in) {
  spool::SpoolCounts counts;
  counts.incoming_messages = in.u64(), counts.incoming_octets = in.u64(), counts.incoming_unread_octets = in.u64();
  counts.holding_messages = in.u64(), counts.holding_octets = in.u64(), counts.domains_recipients = in.u64();
  counts.incoming_oldest = get_time(in), counts.domains_oldest = get_time(in), counts.damaged_records = in.u64();
  return counts;
}

}  // namespace

std::string encode(const QueueRequest& request) {
  WireWriter out;
  if (const auto* list = std::get_if<QueueListRequest>(&request)) {
    put(out.u8(static_cast<std::uint8_t>(Kind::List)), list->filter);
    out.u32(list->limit);
  } else if (const auto* retry = std::get_if<QueueRetryRequest>(&request)) {
    put(out.u8(static_cast<std::uint8_t>(Kind::Retry)), retry->filter);
    out.u8(retry->run == RetryRun::Real);
  } else if (const auto* hold = std::get_if<QueueHoldRequest>(&request)) {
    out.u8(static_cast<std::uint8_t>(Kind::Hold)).u8(static_cast<std::uint8_t>(hold->scope)).text(hold->pattern);
  } else {
    out.u8(static_cast<std::uint8_t>(Kind::Count));
  }
  return std::move(out).bytes();
}

std::optional<QueueRequest> decode_queue_request(std::string_view bytes) {
  WireReader in(bytes);
  std::optional<QueueRequest> request;
  switch (static_cast<Kind>(in.u8())) {
    case Kind::List: {
      QueueListRequest list;
      list.filter = get_filter(in);
      list.limit = std::min(in.u32(), most_items);
      request = std::move(list);
      break;
    }
    case Kind::Count: request = QueueCountRequest{}; break;
    case Kind::Retry: {
      QueueRetryRequest retry;
      retry.filter = get_filter(in);
      retry.run = in.u8() != 0 ? RetryRun::Real : RetryRun::Dry;
      request = std::move(retry);
      break;
    }
    case Kind::Hold: {
      const auto scope = in.u8();
      if (scope <= static_cast<std::uint8_t>(directory::HoldScope::All)) request = QueueHoldRequest{static_cast<directory::HoldScope>(scope), std::string(in.text())};
      break;
    }
    default: break;
  }
  return in.complete() ? request : std::nullopt;
}

std::string encode(const QueueReply& reply) {
  WireWriter out;
  if (const auto* list = std::get_if<QueueList>(&reply)) {
    out.u8(static_cast<std::uint8_t>(Kind::List)).u8(list->more).varint(list->items.size());
    for (const auto& item : list->items) put(out, item);
  } else if (const auto* counts = std::get_if<spool::SpoolCounts>(&reply)) {
    put(out.u8(static_cast<std::uint8_t>(Kind::Count)), *counts);
  } else if (const auto* retry = std::get_if<QueueRetryReply>(&reply)) {
    out.u8(static_cast<std::uint8_t>(Kind::Retry)).u64(retry->recipients);
  } else if (const auto* held = std::get_if<HoldCount>(&reply)) {
    out.u8(static_cast<std::uint8_t>(Kind::Hold)).u64(held->incoming).u64(held->deferred).u64(held->octets).u8(held->whole);
  } else {
    out.u8(static_cast<std::uint8_t>(Kind::Refusal)).text(std::get<QueueRefusal>(reply).what);
  }
  return std::move(out).bytes();
}

std::optional<QueueReply> decode_queue_reply(std::string_view bytes) {
  WireReader in(bytes);
  std::optional<QueueReply> reply;
  switch (static_cast<Kind>(in.u8())) {
    case Kind::List: {
      QueueList list;
      list.more = in.u8() != 0;
      const auto count = in.varint();
      for (std::uint64_t n = 0; n < count && !in.broken(); ++n) list.items.push_back(get_item(in));
      reply = std::move(list);
      break;
    }
    case Kind::Count: reply = get_counts(in); break;
    case Kind::Retry: reply = QueueRetryReply{in.u64()}; break;
    case Kind::Hold: {
      HoldCount count;
      count.incoming = in.u64(), count.deferred = in.u64(), count.octets = in.u64(), count.whole = in.u8() != 0;
      reply = count;
      break;
    }
    case Kind::Refusal: reply = QueueRefusal{std::string(in.text())}; break;
    default: break;
  }
  return in.complete() ? std::move(reply) : std::nullopt;
}

}  // namespace hikyaku::delivery
