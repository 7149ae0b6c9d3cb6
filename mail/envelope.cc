#include "mail/envelope.h"

#include "base/wire.h"

namespace hikyaku {
namespace {

constexpr std::uint8_t format = 2, format_of_0_1 = 1;
// Format 2 with wishes about the time behind it: written where there are any, so that a program that cannot keep to them
// refuses the envelope.
constexpr std::uint8_t format_with_times = 3, priority_bit = 1, release_bit = 2, deliver_by_bit = 4, known_times_bits = 7;
constexpr std::uint8_t return_bit = 1, trace_bit = 2;
constexpr int least_priority = -9, most_priority = 9;
constexpr std::uint8_t aliases_done_bit = 16, original_is_address_bit = 32, forwards_done_bit = 64, known_recipient_bits = 127;
// A program that does not know a bit refuses the envelope: mail that demands TLS is not sent by one that cannot demand it.
constexpr std::uint8_t smtputf8_bit = 16, dotted_quad_bit = 32, require_tls_bit = 64, waive_tls_bit = 128;

std::uint8_t encode_wish(TlsWish wish) { return wish == TlsWish::Require ? require_tls_bit : wish == TlsWish::Waive ? waive_tls_bit : 0; }
std::optional<TlsWish> decode_wish(std::uint8_t bits) {
  const bool require = (bits & require_tls_bit) != 0, waive = (bits & waive_tls_bit) != 0;
  if (require && waive) return std::nullopt;
  return require ? TlsWish::Require : waive ? TlsWish::Waive : TlsWish::None;
}

void encode_address(WireWriter& out, const Address& address) { out.text(address.local_part).text(address.domain); }

Address decode_address(WireReader& in) {
  Address address;
  address.local_part = in.text();
  address.domain = in.text();
  return address;
}

// What ORCPT nearly always says (RFC 3461 §4.2).
std::string as_original(const Address& address) { return "rfc822;" + address.text(); }

std::uint8_t encode_notify(const Notify& notify) {
  return static_cast<std::uint8_t>(notify.never | notify.success << 1 | notify.failure << 2 | notify.delay << 3);
}
Notify decode_notify(std::uint8_t bits) {
  return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
}

void encode_recipient(WireWriter& out, const Recipient& recipient) {
  const bool known_original = recipient.original_recipient == as_original(recipient.address);
  out.u8(static_cast<std::uint8_t>(encode_notify(recipient.notify) | (recipient.aliases_done ? aliases_done_bit : 0) |
                                   (recipient.forwards_done ? forwards_done_bit : 0) | (known_original ? original_is_address_bit : 0)));
  encode_address(out, recipient.address);
  if (!known_original) out.text(recipient.original_recipient);
}

// Nothing: not of this format.
std::optional<Recipient> decode_recipient(WireReader& in) {
  const auto bits = in.u8();
  if ((bits & ~known_recipient_bits) != 0) return std::nullopt;
  Recipient recipient;
  recipient.notify = decode_notify(bits);
  recipient.aliases_done = (bits & aliases_done_bit) != 0;
  recipient.forwards_done = (bits & forwards_done_bit) != 0;
  recipient.address = decode_address(in);
  if ((bits & original_is_address_bit) != 0) recipient.original_recipient = as_original(recipient.address);
  else recipient.original_recipient = in.text();
  return recipient;
}

// "192.0.2.7" as its 32 bits; only as it is written again, without leading zeros.
std::optional<std::uint32_t> dotted_quad(std::string_view text) {
  std::uint32_t bits = 0;
  for (int left = 3; left >= 0; --left) {
    const auto dot = left == 0 ? text.size() : text.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot > 3 || (dot > 1 && text[0] == '0')) return std::nullopt;
    std::uint32_t number = 0;
    for (const char digit : text.substr(0, dot)) {
      if (digit < '0' || digit > '9') return std::nullopt;
      number = 10 * number + static_cast<std::uint32_t>(digit - '0');
    }
    if (number > 255) return std::nullopt;
    bits = bits << 8 | number;
    text.remove_prefix(left == 0 ? dot : dot + 1);
  }
  return bits;
}
std::string dotted_text(std::uint32_t bits) {
  std::string text;
  for (const int shift : {24, 16, 8, 0}) text += std::to_string(bits >> shift & 255) + (shift == 0 ? "" : ".");
  return text;
}

std::uint64_t encode_time(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
WallTime decode_time(std::uint64_t number) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(number)}}; }

std::uint8_t times_bits(const Envelope& envelope) {
  return static_cast<std::uint8_t>((envelope.priority != 0 ? priority_bit : 0) | (envelope.release ? release_bit : 0) |
                                   (envelope.deliver_by ? deliver_by_bit : 0));
}

void encode_times(WireWriter& out, const Envelope& envelope) {
  out.u8(times_bits(envelope));
  if (envelope.priority != 0) out.u8(static_cast<std::uint8_t>(envelope.priority - least_priority));
  if (envelope.release) out.u64(encode_time(envelope.release->at)).varint(envelope.release->asked_for);
  if (const auto& by = envelope.deliver_by)
    out.u64(encode_time(by->deadline)).u8(static_cast<std::uint8_t>((by->mode == ByMode::Return ? return_bit : 0) | (by->trace ? trace_bit : 0)));
}

// False: not of this format.
bool decode_times(WireReader& in, Envelope& envelope) {
  const auto bits = in.u8();
  if (bits == 0 || (bits & ~known_times_bits) != 0) return false;
  if ((bits & priority_bit) != 0) {
    const int priority = in.u8() + least_priority;
    if (priority == 0 || priority > most_priority) return false;
    envelope.priority = static_cast<std::int8_t>(priority);
  }
  if ((bits & release_bit) != 0) {
    const auto at = decode_time(in.u64());
    const auto asked_for = in.varint();
    if (asked_for > UINT32_MAX) return false;
    envelope.release = FutureRelease{at, static_cast<std::uint32_t>(asked_for)};
  }
  if ((bits & deliver_by_bit) != 0) {
    const auto deadline = decode_time(in.u64());
    const auto how = in.u8();
    if ((how & ~(return_bit | trace_bit)) != 0) return false;
    envelope.deliver_by = DeliverBy{deadline, (how & return_bit) != 0 ? ByMode::Return : ByMode::Notify, (how & trace_bit) != 0};
  }
  return true;
}

// As version 0.1 wrote it: every number in full, every text as it is.
std::optional<Envelope> decode_format_1(WireReader& in) {
  Envelope envelope;
  const auto where = in.u32();
  const auto owner = in.u32();
  envelope.id = {static_cast<std::uint16_t>(where >> 16), static_cast<std::uint16_t>(where), owner, in.u64()};
  envelope.reverse_path.address = decode_address(in);
  const auto count = in.varint();
  if (count > in.rest().size()) return std::nullopt;  // each recipient has at least one octet
  envelope.recipients.reserve(count);
  for (std::uint64_t i = 0; i < count && !in.broken(); ++i) {
    Recipient recipient;
    recipient.address = decode_address(in);
    recipient.original_recipient = in.text();
    const auto bits = in.u8();
    recipient.notify = decode_notify(bits);
    recipient.aliases_done = (bits & aliases_done_bit) != 0;
    envelope.recipients.push_back(std::move(recipient));
  }
  envelope.envelope_id = in.text();
  const auto return_content = in.u8();
  const auto body_type = in.u8();
  if (return_content > 2 || body_type > 2) return std::nullopt;
  envelope.return_content = static_cast<ReturnContent>(return_content);
  envelope.body_type = static_cast<BodyType>(body_type);
  envelope.smtputf8 = in.u8() != 0;
  envelope.accepted_at = WallTime{std::chrono::microseconds{static_cast<std::int64_t>(in.u64())}};
  envelope.client_address = in.text();
  envelope.client_helo = in.text();
  envelope.account = in.text();
  envelope.body_octets = in.u64();
  if (!in.complete()) return std::nullopt;
  return envelope;
}

}  // namespace

// Small, because a queue of a million is a million of these on the disk.
std::string Envelope::encode() const {
  WireWriter out;
  const auto quad = dotted_quad(client_address);
  const bool with_times = times_bits(*this) != 0;
  out.u8(with_times ? format_with_times : format).u8(static_cast<std::uint8_t>(static_cast<unsigned>(return_content) | static_cast<unsigned>(body_type) << 2 |
                                              (smtputf8 ? smtputf8_bit : 0U) | (quad ? dotted_quad_bit : 0U) | encode_wish(tls_wish)));
  out.varint(id.node).varint(id.journal).varint(id.owner).varint(id.sequence);
  encode_address(out, reverse_path.address);
  out.varint(recipients.size());
  for (const auto& recipient : recipients) encode_recipient(out, recipient);
  out.text(envelope_id).varint(static_cast<std::uint64_t>(accepted_at.time_since_epoch().count()));
  if (quad) out.u32(*quad);
  else out.text(client_address);
  out.text(client_helo).text(account).varint(body_octets);
  if (with_times) encode_times(out, *this);
  return std::move(out).bytes();
}

std::optional<Envelope> Envelope::decode(std::string_view bytes) {
  WireReader in(bytes);
  const auto written_as = in.u8();
  if (written_as == format_of_0_1) return decode_format_1(in);
  if (written_as != format && written_as != format_with_times) return std::nullopt;
  Envelope envelope;
  const auto bits = in.u8();
  const auto wish = decode_wish(bits);
  if (!wish || (bits & 3) > 2 || (bits >> 2 & 3) > 2) return std::nullopt;
  envelope.tls_wish = *wish;
  envelope.return_content = static_cast<ReturnContent>(bits & 3);
  envelope.body_type = static_cast<BodyType>(bits >> 2 & 3);
  envelope.smtputf8 = (bits & smtputf8_bit) != 0;
  const auto node = in.varint(), journal = in.varint(), owner = in.varint();
  if (node > UINT16_MAX || journal > UINT16_MAX || owner > UINT32_MAX) return std::nullopt;
  envelope.id = {static_cast<std::uint16_t>(node), static_cast<std::uint16_t>(journal), static_cast<std::uint32_t>(owner), in.varint()};
  envelope.reverse_path.address = decode_address(in);
  const auto count = in.varint();
  if (count > in.rest().size()) return std::nullopt;  // each recipient has at least one octet
  envelope.recipients.reserve(count);
  for (std::uint64_t i = 0; i < count && !in.broken(); ++i) {
    auto recipient = decode_recipient(in);
    if (!recipient) return std::nullopt;
    envelope.recipients.push_back(std::move(*recipient));
  }
  envelope.envelope_id = in.text();
  envelope.accepted_at = WallTime{std::chrono::microseconds{static_cast<std::int64_t>(in.varint())}};
  if ((bits & dotted_quad_bit) != 0) envelope.client_address = dotted_text(in.u32());
  else envelope.client_address = in.text();
  envelope.client_helo = in.text();
  envelope.account = in.text();
  envelope.body_octets = in.varint();
  if (written_as == format_with_times && !decode_times(in, envelope)) return std::nullopt;
  if (!in.complete()) return std::nullopt;
  return envelope;
}

}  // namespace hikyaku
