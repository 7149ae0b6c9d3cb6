// The octets of the delivery log's records.
#include "base/wire.h"
#include "services/spool/delivery_state.h"

namespace hikyaku::spool {
namespace {
constexpr std::size_t most_reply_octets = 1024;
constexpr std::uint8_t outcome_kind = 1, deferred_kind = 2, holding_kind = 3, generated_kind = 4, released_kind = 5;

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
Schedule take_schedule(WireReader& in) {
  Schedule schedule;
  schedule.recipient = static_cast<std::uint32_t>(in.varint());
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
  return record;
}

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
  for (const auto& one : record.recipients) put(out, one);
}
void encode_one(WireWriter& out, const HoldingRecord& record) {
  out.u8(holding_kind);
  put(out, record);
}
void encode_one(WireWriter& out, const GeneratedRecord& record) {
  out.u8(generated_kind);
  put(out, record.text);
  out.varint(record.recipients);
}
void encode_one(WireWriter& out, const ReleasedRecord& record) {
  out.u8(released_kind).varint(record.journal).varint(record.segment.value());
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
DeferredRecord take_deferred(WireReader& in) {
  DeferredRecord record{take_ref(in), {}};
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && !in.broken(); ++i) record.recipients.push_back(take_schedule(in));
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
  switch (in.u8()) {
    case outcome_kind: record = take_outcome(in); break;
    case deferred_kind: record = take_deferred(in); break;
    case holding_kind: record = take_holding(in); break;
    case generated_kind: {
      GeneratedRecord generated{take_holding(in), 0};
      generated.recipients = static_cast<std::uint32_t>(in.varint());
      record = generated;
      break;
    }
    case released_kind: {
      const auto journal = in.varint();
      record = ReleasedRecord{static_cast<std::uint16_t>(journal), storage::SegmentNumber{in.varint()}};
      break;
    }
    default: return std::nullopt;
  }
  if (!in.complete()) return std::nullopt;
  return record;
}

}  // namespace hikyaku::spool
