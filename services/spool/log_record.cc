// The octets of the delivery log's records.
#include <algorithm>

#include "base/wire.h"
#include "services/spool/delivery_state.h"

namespace hikyaku::spool {
namespace {
constexpr std::size_t most_reply_octets = 1024;
constexpr std::uint8_t outcome_kind = 1, old_deferred_kind = 2, holding_kind = 3, old_generated_kind = 4, released_kind = 5;
constexpr std::uint8_t holding_with_facts_kind = 6, generated_kind = 7, deferred_kind = 8;  // since 0.2
// Facts of a message with a priority or a time to be delivered by; with neither it is written as ever.
constexpr std::uint8_t holding_with_times_kind = 9;
constexpr std::uint8_t told_kind = 10;  // since 0.3
constexpr std::uint64_t beyond_rows = 1ULL << 31, beyond_segments = UINT32_MAX;  // what the table can hold

void put(WireWriter& out, const TraceId& id) {
  out.u32(std::uint32_t{id.node} << 16 | id.journal).u32(id.owner).u64(id.sequence);
}
TraceId take_id(WireReader& in) {
  const auto where = in.u32();
  const auto owner = in.u32();
  return {static_cast<std::uint16_t>(where >> 16), static_cast<std::uint16_t>(where), owner, in.u64()};
}
void put(WireWriter& out, const storage::Position& at) { out.varint(at.segment.value()).u32(at.offset); }
storage::Position take_position(WireReader& in) {
  const auto segment = in.varint();
  return {storage::SegmentNumber{segment}, in.u32()};
}
void put(WireWriter& out, const MessageRef& message) {
  put(out, message.id);
  out.varint(message.journal);
  put(out, message.at);
}
MessageRef take_ref(WireReader& in) {
  MessageRef message;
  message.id = take_id(in);
  message.journal = static_cast<std::uint16_t>(in.varint());
  message.at = take_position(in);
  return message;
}

void put(WireWriter& out, const Schedule& schedule) {
  out.varint(schedule.recipient).text(schedule.destination).u8(schedule.failure_class).varint(schedule.attempts);
  out.u64(static_cast<std::uint64_t>(schedule.first_failed.time_since_epoch().count()));
  out.u64(static_cast<std::uint64_t>(schedule.paused.count()));
  out.u64(static_cast<std::uint64_t>(schedule.next_due.time_since_epoch().count()));
  out.text(std::string_view(schedule.last_reply).substr(0, most_reply_octets));
}
WallTime take_time(WireReader& in) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(in.u64())}}; }
std::uint32_t take_recipient(WireReader& in) {
  const auto recipient = in.varint();
  if (recipient >= beyond_rows) in = WireReader({}), (void)in.u8();  // broken
  return static_cast<std::uint32_t>(recipient);
}
Schedule take_schedule(WireReader& in) {
  Schedule schedule;
  schedule.recipient = take_recipient(in);
  schedule.destination = in.text();
  schedule.failure_class = in.u8();
  schedule.attempts = static_cast<std::uint32_t>(in.varint());
  schedule.first_failed = take_time(in);
  schedule.paused = Duration{static_cast<std::int64_t>(in.u64())};
  schedule.next_due = take_time(in);
  schedule.last_reply = in.text();
  return schedule;
}

void put(WireWriter& out, const HoldingRecord& record) {
  put(out, record.id);
  put(out, record.at);
  out.varint(record.octets).u8(record.blob ? 1 : 0);
}
HoldingRecord take_holding(WireReader& in) {
  HoldingRecord record;
  record.id = take_id(in);
  record.at = take_position(in);
  record.octets = in.varint();
  record.blob = in.u8() != 0;
  if (record.at.segment.value() >= beyond_segments || record.octets >= beyond_segments) in = WireReader({}), (void)in.u8();  // broken
  return record;
}

void put(WireWriter& out, const MessageFacts& facts) {
  out.u32(facts.sender).u32(facts.account).u64(static_cast<std::uint64_t>(facts.accepted_at.time_since_epoch().count()));
  out.varint(facts.body_octets);
}
std::uint8_t kind_of(const HoldingRecord& record) {
  if (!record.facts) return holding_kind;
  return record.facts->priority == 0 && record.facts->deadline == WallTime{} ? holding_with_facts_kind : holding_with_times_kind;
}
MessageFacts take_facts(WireReader& in, std::uint8_t kind) {
  MessageFacts facts;
  facts.sender = in.u32(), facts.account = in.u32(), facts.accepted_at = take_time(in), facts.body_octets = in.varint();
  if (kind == holding_with_times_kind) facts.priority = static_cast<std::int8_t>(in.u8()), facts.deadline = take_time(in);
  return facts;
}
void put(WireWriter& out, RecipientKeys keys) { out.u32(keys.address).u32(keys.domain); }
RecipientKeys take_keys(WireReader& in) {
  const auto address = in.u32();
  return {address, in.u32()};
}

constexpr std::uint64_t most_recipients = 1'000'000;  // of one mail that we make: a damaged number must not become memory

constexpr std::uint8_t with_keys = 1, with_via = 2, with_last_try = 4, with_held = 8;

void encode_one(WireWriter& out, const OutcomeRecord& record) {
  out.u8(outcome_kind);
  put(out, record.message);
  out.varint(record.outcomes.size());
  for (const auto& one : record.outcomes)
    out.varint(one.recipient).u8(static_cast<std::uint8_t>(one.outcome)).text(one.account);
}
void encode_one(WireWriter& out, const DeferredRecord& record) {
  out.u8(deferred_kind);
  put(out, record.message);
  out.varint(record.recipients.size());
  for (std::size_t n = 0; n < record.recipients.size(); ++n) {
    const auto keys = n < record.keys.size() ? record.keys[n] : RecipientKeys{};
    const auto& one = record.recipients[n];
    put(out, one);
    out.u8(static_cast<std::uint8_t>((keys == RecipientKeys{} ? 0 : with_keys) | (one.via.empty() ? 0 : with_via) |
                                     (one.last_tried == WallTime{} ? 0 : with_last_try) | (one.held.empty() ? 0 : with_held)));
    if (keys != RecipientKeys{}) put(out, keys);
    if (!one.via.empty()) out.text(one.via);
    if (one.last_tried != WallTime{}) out.u64(static_cast<std::uint64_t>(one.last_tried.time_since_epoch().count()));
    if (one.held.empty()) continue;
    out.varint(one.held.size());
    for (const auto& [from, until] : one.held)
      out.u64(static_cast<std::uint64_t>(from.time_since_epoch().count())).u64(static_cast<std::uint64_t>(until.time_since_epoch().count()));
  }
}
void encode_one(WireWriter& out, const HoldingRecord& record) {
  const auto kind = kind_of(record);
  out.u8(kind);
  put(out, record);
  if (record.facts) put(out, *record.facts);
  if (kind == holding_with_times_kind)
    out.u8(static_cast<std::uint8_t>(record.facts->priority)).u64(static_cast<std::uint64_t>(record.facts->deadline.time_since_epoch().count()));
}
void encode_one(WireWriter& out, const GeneratedRecord& record) {
  out.u8(generated_kind);
  encode_one(out, record.text);
  out.varint(record.recipients).varint(record.keys.size());
  for (const auto& keys : record.keys) put(out, keys);
}
void encode_one(WireWriter& out, const ReleasedRecord& record) {
  out.u8(released_kind).varint(record.journal).varint(record.segment.value());
}

void encode_one(WireWriter& out, const ToldRecord& record) {
  out.u8(told_kind);
  put(out, record.message);
  out.u8(record.bits).varint(record.recipients.size());
  for (const auto recipient : record.recipients) out.varint(recipient);
}

ToldRecord take_told(WireReader& in) {
  ToldRecord record{take_ref(in), {}, static_cast<std::uint8_t>(in.u8() & told_bits)};
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && !in.broken(); ++i) record.recipients.push_back(take_recipient(in));
  return record;
}
OutcomeRecord take_outcome(WireReader& in) {
  OutcomeRecord record{take_ref(in), {}};
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && !in.broken(); ++i) {
    RecipientOutcome one;
    one.recipient = static_cast<std::uint32_t>(in.varint());
    one.outcome = static_cast<Outcome>(in.u8());
    one.account = in.text();
    record.outcomes.push_back(std::move(one));
  }
  return record;
}
DeferredRecord take_deferred(WireReader& in, std::uint8_t kind) {
  DeferredRecord record{take_ref(in), {}, {}};
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && !in.broken(); ++i) {
    record.recipients.push_back(take_schedule(in));
    if (kind == old_deferred_kind) continue;
    const auto flags = in.u8();
    record.keys.push_back((flags & with_keys) != 0 ? take_keys(in) : RecipientKeys{});
    if ((flags & with_via) != 0) record.recipients.back().via = in.text();
    if ((flags & with_last_try) != 0) record.recipients.back().last_tried = take_time(in);
    const auto spans = (flags & with_held) != 0 ? in.varint() : 0;
    for (std::uint64_t span = 0; span < spans && !in.broken(); ++span) {
      const auto from = take_time(in);
      record.recipients.back().held.emplace_back(from, take_time(in));
    }
  }
  return record;
}
GeneratedRecord take_generated(WireReader& in, std::uint8_t kind) {
  GeneratedRecord record;
  const auto text_kind = kind == generated_kind ? in.u8() : holding_kind;
  record.text = take_holding(in);
  if (text_kind != holding_kind) record.text.facts = take_facts(in, text_kind);
  record.recipients = static_cast<std::uint32_t>(std::min(in.varint(), most_recipients + 1));
  const auto count = kind == generated_kind ? in.varint() : 0;
  for (std::uint64_t i = 0; i < count && !in.broken(); ++i) record.keys.push_back(take_keys(in));
  return record;
}
}  // namespace

std::string encode(const LogRecord& record) {
  WireWriter out;
  std::visit([&](const auto& one) { encode_one(out, one); }, record);
  return std::move(out).bytes();
}

std::optional<LogRecord> decode_log_record(std::string_view octets) {
  WireReader in(octets);
  LogRecord record;
  const auto kind = in.u8();
  switch (kind) {
    case outcome_kind: record = take_outcome(in); break;
    case old_deferred_kind:
    case deferred_kind: record = take_deferred(in, kind); break;
    case holding_kind: record = take_holding(in); break;
    case holding_with_facts_kind:
    case holding_with_times_kind: {
      auto holding = take_holding(in);
      holding.facts = take_facts(in, kind);
      record = std::move(holding);
      break;
    }
    case old_generated_kind:
    case generated_kind: record = take_generated(in, kind); break;
    case released_kind: {
      const auto journal = in.varint();
      record = ReleasedRecord{static_cast<std::uint16_t>(journal), storage::SegmentNumber{in.varint()}};
      break;
    }
    case told_kind: record = take_told(in); break;
    default: return std::nullopt;
  }
  if (!in.complete()) return std::nullopt;
  if (const auto* made = std::get_if<GeneratedRecord>(&record); made != nullptr && made->recipients > most_recipients) return std::nullopt;
  return record;
}

bool may_concern_incoming(std::string_view octets) {
  WireReader in(octets);
  const auto kind = in.u8();
  if (kind == holding_kind || kind == holding_with_facts_kind || kind == holding_with_times_kind || kind == old_generated_kind || kind == generated_kind) return false;
  if (kind != outcome_kind && kind != old_deferred_kind && kind != deferred_kind && kind != told_kind) return true;
  return take_ref(in).journal != 0;
}

}  // namespace hikyaku::spool
