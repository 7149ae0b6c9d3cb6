#include "services/signing/sign_protocol.h"

#include <algorithm>
#include <array>

#include "base/wire.h"

namespace hikyaku::signing {
namespace {

// The first octet of a message; never changes its meaning.
enum class Kind : std::uint8_t { Sign = 1, Signed = 2, SignArcMessage = 3, SignArcSeal = 4 };

// By SignField.
constexpr std::array requests{Kind::Sign, Kind::SignArcMessage, Kind::SignArcSeal};

}  // namespace

std::string_view field_name(SignField field) {
  switch (field) {
    case SignField::DkimSignature: return "DKIM-Signature";
    case SignField::ArcMessageSignature: return "ARC-Message-Signature";
    case SignField::ArcSeal: return "ARC-Seal";
  }
  return "";
}

bool is_key_name(std::string_view text) {
  return text.size() == key_name_octets && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string encode(const SignRequest& request) {
  WireWriter out;
  out.u8(static_cast<std::uint8_t>(requests[static_cast<std::size_t>(request.field)])).varint(request.items.size());
  for (const auto& item : request.items) out.text(item.key).text(dkim::octets_of(item.digest));
  return std::move(out).bytes();
}

std::string encode(const SignReply& reply) {
  WireWriter out;
  out.u8(static_cast<std::uint8_t>(Kind::Signed)).varint(reply.signatures.size());
  for (const auto& one : reply.signatures) out.u8(static_cast<std::uint8_t>(one.state)).text(one.octets);
  return std::move(out).bytes();
}

std::optional<SignRequest> decode_sign_request(std::string_view octets) {
  WireReader in(octets);
  const auto kind = std::ranges::find(requests, static_cast<Kind>(in.u8()));
  if (kind == requests.end()) return std::nullopt;
  const auto count = in.varint();
  if (count == 0 || count > most_items) return std::nullopt;
  SignRequest request{{}, static_cast<SignField>(kind - requests.begin())};
  for (std::uint64_t n = 0; n < count; ++n) {
    SignItem item;
    item.key = in.text();
    const auto digest = in.text();
    if (!is_key_name(item.key) || digest.size() != item.digest.size()) return std::nullopt;
    std::ranges::copy(digest, item.digest.begin());
    request.items.push_back(std::move(item));
  }
  if (!in.complete()) return std::nullopt;
  return request;
}

std::optional<SignReply> decode_sign_reply(std::string_view octets) {
  WireReader in(octets);
  if (in.u8() != static_cast<std::uint8_t>(Kind::Signed)) return std::nullopt;
  const auto count = in.varint();
  if (count > most_items) return std::nullopt;
  SignReply reply;
  for (std::uint64_t n = 0; n < count; ++n) {
    const auto state = in.u8();
    Signature one{static_cast<Signature::State>(state), std::string(in.text())};
    const bool made = one.state == Signature::State::Made;
    if (state > static_cast<std::uint8_t>(Signature::State::Busy) || made == one.octets.empty() || one.octets.size() > most_signature_octets) return std::nullopt;
    reply.signatures.push_back(std::move(one));
  }
  if (!in.complete()) return std::nullopt;
  return reply;
}

}  // namespace hikyaku::signing
