#include "services/refusals/decision_protocol.h"

#include "base/wire.h"

namespace hikyaku::refusals {
namespace {

constexpr std::uint8_t none = 0xff;

std::uint8_t octet_of(std::optional<Decision> decision) { return decision ? static_cast<std::uint8_t>(*decision) : none; }

// False: no such decision.
bool read_decision(std::uint8_t octet, std::optional<Decision>& decision) {
  if (octet == none) return true;
  decision = static_cast<Decision>(octet);
  return octet <= static_cast<std::uint8_t>(Decision::Deny);
}

}  // namespace

std::string encode(const DecisionRequest& request) {
  WireWriter writer;
  writer.text(request.link).u8(octet_of(request.decision));
  return std::move(writer).bytes();
}

std::optional<DecisionRequest> decode_decision_request(std::string_view octets) {
  WireReader reader(octets);
  DecisionRequest request{std::string(reader.text()), {}};
  const bool known = read_decision(reader.u8(), request.decision);
  return known && reader.complete() ? std::optional(std::move(request)) : std::nullopt;
}

std::string encode(const DecisionReply& reply) {
  WireWriter writer;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(reply.subject.expires.time_since_epoch()).count();
  writer.u8(static_cast<std::uint8_t>(reply.state)).text(reply.subject.network).text(reply.subject.sender).text(reply.subject.recipient);
  writer.u64(static_cast<std::uint64_t>(std::max<std::int64_t>(0, seconds))).u8(octet_of(reply.decision));
  return std::move(writer).bytes();
}

std::optional<DecisionReply> decode_decision_reply(std::string_view octets) {
  WireReader reader(octets);
  DecisionReply reply;
  const auto state = reader.u8();
  reply.state = static_cast<DecisionReply::State>(state);
  reply.subject.network = reader.text(), reply.subject.sender = reader.text(), reply.subject.recipient = reader.text();
  const auto seconds = reader.u64();
  const bool known = read_decision(reader.u8(), reply.decision);
  if (!known || !reader.complete() || state > static_cast<std::uint8_t>(DecisionReply::State::Trouble) || seconds > 253'402'300'799) return std::nullopt;
  reply.subject.expires = WallTime{std::chrono::seconds(seconds)};
  return reply;
}

}  // namespace hikyaku::refusals
