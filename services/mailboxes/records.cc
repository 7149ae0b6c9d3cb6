#include "services/mailboxes/records.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/wire.h"
#include "services/mailboxes/keys.h"

namespace hikyaku::mailboxes {

namespace {

constexpr std::uint8_t format = 1;
constexpr std::uint8_t message_format = 2, message_format_without_saved_at = 1;

std::uint64_t microseconds(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
WallTime wall_time(std::uint64_t microseconds) {
  return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(microseconds)}};
}

}  // namespace

std::string MailboxRow::encode() const {
  WireWriter out;
  out.u8(format).text(name).u32(uid_validity.value()).u8(static_cast<std::uint8_t>(special_use)).u8(selectable ? 1 : 0);
  return std::move(out).bytes();
}

std::optional<MailboxRow> MailboxRow::decode(std::string_view bytes) {
  WireReader in(bytes);
  MailboxRow row;
  const auto version = in.u8();
  row.name = in.text();
  row.uid_validity = UidValidity{in.u32()};
  const auto use = in.u8();
  row.selectable = in.u8() != 0;
  if (!in.complete() || version != format || use > static_cast<std::uint8_t>(SpecialUse::Trash)) return {};
  row.special_use = static_cast<SpecialUse>(use);
  return row;
}

std::string NameRow::encode() const {
  WireWriter out;
  out.u8(format).u32(id.value()).u32(uid_validity.value()).u8(selectable ? 1 : 0);
  return std::move(out).bytes();
}

std::optional<NameRow> NameRow::decode(std::string_view bytes) {
  WireReader in(bytes);
  const auto version = in.u8();
  NameRow row;
  row.id = MailboxId{in.u32()};
  row.uid_validity = UidValidity{in.u32()};
  row.selectable = in.u8() != 0;
  if (!in.complete() || version != format) return {};
  return row;
}

std::string FlagsRow::encode() const {
  WireWriter out;
  out.u8(format).u8(flags.system).u32(octets).varint(flags.keywords.size());
  for (const auto& keyword : flags.keywords) out.text(keyword);
  return keys::big_endian(modseq.value(), 8) + std::move(out).bytes();
}

std::optional<FlagsRow> FlagsRow::decode(std::string_view bytes) {
  if (bytes.size() < 8) return {};
  FlagsRow row;
  row.modseq = ModSeq{keys::big_endian(bytes.substr(0, 8))};
  WireReader in(bytes.substr(8));
  const auto version = in.u8();
  row.flags.system = in.u8();
  row.octets = in.u32();
  const auto count = in.varint();
  if (version != format || count > bytes.size()) return {};
  row.flags.keywords.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) row.flags.keywords.emplace_back(in.text());
  if (!in.complete()) return {};
  return row;
}

namespace {

void put(WireWriter& out, const MessageRow& row) {
  out.u8(message_format).u64(microseconds(row.internal_date)).u64(microseconds(row.saved_at));
  out.u64(row.octets).u64(row.body_checksum).text(row.blob.value());
  out.u32(row.trace_id.node).u32(row.trace_id.journal).u32(row.trace_id.owner).u64(row.trace_id.sequence);
  out.u32(row.uid_validity.value()).text(row.uidl).text(row.parsed);
}

bool take(WireReader& in, MessageRow& row) {
  const auto version = in.u8();
  row.internal_date = wall_time(in.u64());
  if (version == message_format) row.saved_at = wall_time(in.u64());
  row.octets = in.u64();
  row.body_checksum = in.u64();
  row.blob = storage::BlobId{std::string(in.text())};
  row.trace_id.node = static_cast<std::uint16_t>(in.u32());
  row.trace_id.journal = static_cast<std::uint16_t>(in.u32());
  row.trace_id.owner = in.u32();
  row.trace_id.sequence = in.u64();
  row.uid_validity = UidValidity{in.u32()};
  row.uidl = in.text();
  row.parsed = in.text();
  return !in.broken() && (version == message_format || version == message_format_without_saved_at);
}

}  // namespace

std::string MessageRow::encode() const {
  WireWriter out;
  put(out, *this);
  return std::move(out).bytes();
}

std::optional<MessageRow> MessageRow::decode(std::string_view bytes) {
  WireReader in(bytes);
  MessageRow row;
  if (!take(in, row) || !in.complete()) return {};
  return row;
}

std::string ExpungedRow::encode() const {
  WireWriter out;
  out.u8(format).u64(microseconds(at)).text(flags.encode());
  put(out, message);
  return std::move(out).bytes();
}

std::optional<ExpungedRow> ExpungedRow::decode(std::string_view bytes) {
  WireReader in(bytes);
  ExpungedRow row;
  const auto version = in.u8();
  row.at = wall_time(in.u64());
  auto flags = FlagsRow::decode(in.text());
  if (!take(in, row.message) || !in.complete() || !flags || version != format) return {};
  row.flags = std::move(*flags);
  return row;
}

std::string DeliveryRow::encode() const {
  WireWriter out;
  out.u8(format).u32(mailbox.value());
  WireWriter rest;
  rest.text(mailbox_name);
  return std::move(out).bytes() + keys::big_endian(uid.value(), 4) + std::move(rest).bytes();
}

std::optional<DeliveryRow> DeliveryRow::decode(std::string_view bytes) {
  if (bytes.size() < uid_at + 4) return {};
  WireReader in(bytes);
  DeliveryRow row;
  const auto version = in.u8();
  row.mailbox = MailboxId{in.u32()};
  row.uid = Uid{static_cast<std::uint32_t>(keys::big_endian(bytes.substr(uid_at, 4)))};
  WireReader rest(bytes.substr(uid_at + 4));
  row.mailbox_name = rest.text();
  if (!rest.complete() || version != format) return {};
  return row;
}

MessageRecord to_record(Uid uid, const FlagsRow& flags, MessageRow message) {
  MessageRecord record;
  record.uid = uid;
  record.flags = flags.flags;
  record.modseq = flags.modseq;
  record.internal_date = message.internal_date;
  record.saved_at = message.saved_at;
  record.octets = message.octets;
  record.body_checksum = message.body_checksum;
  record.blob = std::move(message.blob);
  record.trace_id = message.trace_id;
  record.uidl = std::move(message.uidl);
  record.parsed = std::move(message.parsed);
  if (record.uidl.empty()) {  // RFC 1939 §7: the pair is given once only, so it is unique for ever
    constexpr std::string_view digits = "0123456789abcdef";
    const std::string pair = keys::big_endian(message.uid_validity.value(), 4) + keys::big_endian(uid.value(), 4);
    for (const unsigned char octet : pair) {
      record.uidl += digits[octet >> 4];
      record.uidl += digits[octet & 15];
    }
  }
  return record;
}

namespace {

// atom = 1*ATOM-CHAR      RFC 9051 §9
bool is_keyword(std::string_view text) {
  if (text.empty() || text.size() > 100) return false;
  return std::ranges::none_of(text, [](char c) {
    return is_ctl(c) || is_eight_bit(c) || std::string_view(" (){%*\"\\]").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::vector<std::string> normal_keywords(std::vector<std::string> keywords, std::size_t max) {
  std::vector<std::string> normal;
  for (auto& keyword : keywords) {
    if (!is_keyword(keyword)) continue;
    const auto folded = [](const std::string& text) { return ascii_lower(text); };
    const auto at = std::ranges::lower_bound(normal, ascii_lower(keyword), {}, folded);
    if (at != normal.end() && equal_ignoring_case(*at, keyword)) continue;  // the first spelling stays
    if (normal.size() < max) normal.insert(at, std::move(keyword));
  }
  return normal;
}

Flags apply(FlagOperation operation, const Flags& to, const Flags& change, std::size_t max_keywords) {
  if (operation == FlagOperation::Replace) return {change.system, normal_keywords(change.keywords, max_keywords)};
  Flags result = to;
  if (operation == FlagOperation::Add) {
    result.system |= change.system;
    result.keywords.insert(result.keywords.end(), change.keywords.begin(), change.keywords.end());
  } else {
    result.system &= static_cast<std::uint8_t>(~change.system);
    std::erase_if(result.keywords, [&](const std::string& keyword) {
      return std::ranges::any_of(change.keywords, [&](const auto& gone) { return equal_ignoring_case(keyword, gone); });
    });
  }
  result.keywords = normal_keywords(std::move(result.keywords), max_keywords);
  return result;
}

}  // namespace hikyaku::mailboxes
