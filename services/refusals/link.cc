#include "services/refusals/link.h"

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/checksum.h"
#include "base/wire.h"
#include "protocol/sasl/scram_keys.h"

namespace hikyaku::refusals {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t signature_octets = 32, longest_link = 4'000;

// base64url without padding (RFC 4648 §5).
std::string url_text(std::string_view octets) {
  auto text = base64_encode(octets);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::optional<std::string> url_octets(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  return base64_decode(plain);
}

std::string signature_of(std::string_view key, std::string_view about) { return sasl::hmac_sha256(key, "hikyaku refusal link\n" + std::string(about)); }

}  // namespace

std::string make_link(std::string_view key, const LinkSubject& subject) {
  WireWriter writer;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(subject.expires.time_since_epoch()).count();
  writer.u8(version).varint(static_cast<std::uint64_t>(std::max<std::int64_t>(0, seconds))).text(subject.network).text(subject.sender).text(subject.recipient);
  auto about = std::move(writer).bytes();
  const auto signature = signature_of(key, about);
  return url_text(about + signature);
}

Result<LinkSubject, LinkFault> read_link(std::string_view key, std::string_view link, WallTime now) {
  if (key.size() != link_key_octets || link.size() > longest_link) return failure(LinkFault::Forged);
  const auto octets = url_octets(link);
  if (!octets || octets->size() <= signature_octets) return failure(LinkFault::Forged);
  const auto about = std::string_view(*octets).substr(0, octets->size() - signature_octets), signature = std::string_view(*octets).substr(about.size());
  const auto right = signature_of(key, about);
  if (CRYPTO_memcmp(right.data(), signature.data(), signature_octets) != 0) return failure(LinkFault::Forged);
  WireReader reader(about);
  const bool known = reader.u8() == version;
  LinkSubject subject;
  constexpr std::uint64_t latest = 253'402'300'799;  // the year 9999
  const auto seconds = reader.varint();
  subject.network = reader.text(), subject.sender = reader.text(), subject.recipient = reader.text();
  if (!known || !reader.complete() || seconds > latest) return failure(LinkFault::Forged);
  subject.expires = WallTime{std::chrono::seconds(seconds)};
  if (subject.expires <= now) return failure(LinkFault::Expired);
  return subject;
}

std::string link_mark(std::string_view link) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string mark;
  for (const auto part : {checksum(link), checksum(link, 1)})
    for (int shift = 60; shift >= 0; shift -= 4) mark += digits[part >> shift & 15];
  return mark;
}

}  // namespace hikyaku::refusals
