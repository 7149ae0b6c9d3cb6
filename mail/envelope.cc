#include "mail/envelope.h"

#include "base/wire.h"

namespace hikyaku {
namespace {
constexpr std::uint8_t format = 1;

void encode_address(WireWriter& out, const Address& address) { out.text(address.local_part).text(address.domain); }

Address decode_address(WireReader& in) {
  Address address;
  address.local_part = in.text();
  address.domain = in.text();
  return address;
}

std::uint8_t encode_notify(const Notify& notify) {
  return static_cast<std::uint8_t>(notify.never | notify.success << 1 | notify.failure << 2 | notify.delay << 3);
}
Notify decode_notify(std::uint8_t bits) {
  return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
}
}  // namespace

std::string Envelope::encode() const {
  WireWriter out;
  out.u8(format).u32(std::uint32_t{id.node} << 16 | id.journal).u32(id.owner).u64(id.sequence);
  encode_address(out, reverse_path.address);
  out.varint(recipients.size());
  for (const auto& recipient : recipients) {
    encode_address(out, recipient.address);
    out.text(recipient.original_recipient);
    out.u8(static_cast<std::uint8_t>(encode_notify(recipient.notify) | recipient.aliases_done << 4));
  }
  out.text(envelope_id).u8(static_cast<std::uint8_t>(return_content)).u8(static_cast<std::uint8_t>(body_type));
  out.u8(smtputf8).u64(static_cast<std::uint64_t>(accepted_at.time_since_epoch().count()));
  out.text(client_address).text(client_helo).text(account).u64(body_octets);
  return std::move(out).bytes();
}

std::optional<Envelope> Envelope::decode(std::string_view bytes) {
  WireReader in(bytes);
  if (in.u8() != format) return std::nullopt;
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
    recipient.aliases_done = (bits & 16) != 0;
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

}  // namespace hikyaku
