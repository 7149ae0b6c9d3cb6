#include "apps/front/hand_over.h"

#include "base/wire.h"

namespace hikyaku::apps::front {
namespace {
constexpr std::uint8_t version = 2;  // 1 named the account
}

std::string HandedOver::encode() const {
  return WireWriter{}.u8(version).text(ticket).text(tls).text(listener).text(opening).bytes();
}

std::optional<HandedOver> HandedOver::decode(std::string_view octets) {
  WireReader in(octets);
  if (in.u8() != version) return std::nullopt;
  HandedOver out;
  for (auto* text : {&out.ticket, &out.tls, &out.listener, &out.opening}) *text = in.text();
  if (!in.complete() || out.ticket.empty()) return std::nullopt;
  return out;
}

std::string encode(Taken taken) { return WireWriter{}.u8(static_cast<std::uint8_t>(taken)).bytes(); }

std::optional<Taken> decode_taken(std::string_view octets) {
  WireReader in(octets);
  const auto value = in.u8();
  if (!in.complete() || value > static_cast<std::uint8_t>(Taken::Unavailable)) return std::nullopt;
  return static_cast<Taken>(value);
}

}  // namespace hikyaku::apps::front
