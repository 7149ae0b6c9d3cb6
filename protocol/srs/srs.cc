#include "protocol/srs/srs.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "base/cursor.h"

namespace hikyaku::srs {
namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648 §6: survives whoever changes the case
constexpr std::size_t most_local_part = 64, most_domain = 255;
constexpr std::size_t tag_octets = 4, day_letters = 2;
constexpr unsigned days_counted = 1024;  // then the two letters begin again

bool is_separator(char c) { return c == '=' || c == '+' || c == '-'; }

int tag_number(std::string_view local) {
  if (local.size() <= tag_octets || !is_separator(local[tag_octets])) return -1;
  if (!equal_ignoring_case(local.substr(0, 3), "SRS") || (local[3] != '0' && local[3] != '1')) return -1;
  return local[3] - '0';
}

// Names only, so that what comes back out of an address is one again. Address literals have brackets and a colon.
bool is_name(std::string_view domain) {
  return !domain.empty() && domain.size() <= most_domain && std::ranges::all_of(domain, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '[' || c == ']' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
  });
}

bool is_local_part(std::string_view local) {
  return !local.empty() && local.size() <= most_local_part && std::ranges::none_of(local, is_ctl);
}

// HMAC-SHA256 over the parts with their lengths, the first 30 bits. Case does not count: it may be lost on the way.
std::string hash_of(std::string_view secret, std::initializer_list<std::string_view> parts) {
  std::string message;
  for (const auto part : parts) message += std::to_string(part.size()) + ':' + ascii_lower(part);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(message.data()), message.size(),
       digest.data(), &length);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 5; ++i) bits = bits << 8 | digest[i];
  std::string out;
  for (std::size_t i = 0; i < hash_letters; ++i) out += letters[bits >> (35 - 5 * i) & 31];
  return out;
}

bool is_hash(std::string_view given, const Secrets& secrets, std::initializer_list<std::string_view> parts) {
  if (given.size() != hash_letters) return false;
  const std::string lower = ascii_lower(given);
  bool right = false;
  for (const auto& secret : secrets) {
    const auto wanted = hash_of(secret, parts);
    right |= CRYPTO_memcmp(lower.data(), wanted.data(), hash_letters) == 0;
  }
  return right;
}

unsigned day_of(WallTime now) {
  return static_cast<unsigned>(std::chrono::floor<std::chrono::days>(now).time_since_epoch().count()) % days_counted;
}

std::string day_text(unsigned day) { return {letters[day >> 5 & 31], letters[day & 31]}; }

// Days since `text`, or nothing when it is no day.
std::optional<unsigned> age_in_days(std::string_view text, WallTime now) {
  if (text.size() != day_letters) return std::nullopt;
  unsigned day = 0;
  for (const char c : text) {
    const auto at = letters.find(ascii_lower(c));
    if (at == std::string_view::npos) return std::nullopt;
    day = day << 5 | static_cast<unsigned>(at);
  }
  return (day_of(now) + days_counted - day) % days_counted;
}

std::optional<std::string_view> take_field(Cursor& in) {
  const auto field = in.take_while([](char c) { return c != '='; });
  if (field.empty() || !in.take('=')) return std::nullopt;
  return field;
}

std::optional<Address> fitting(std::string local, std::string_view domain) {
  if (local.size() > most_local_part) return std::nullopt;
  return Address{std::move(local), std::string(domain)};
}

// SRS1: the first forwarder and what follows "SRS0" in its address, whose hash only it can judge.
std::optional<Address> rewrite_again(std::string_view first, std::string_view rest, std::string_view domain, const Secrets& secrets) {
  if (!is_name(first)) return std::nullopt;
  const auto hash = hash_of(secrets.front(), {"1", first, rest});
  return fitting("SRS1=" + hash + '=' + std::string(first) + '=' + std::string(rest), domain);
}

Result<Address, Refusal> restore_first(std::string_view text, const Secrets& secrets, WallTime now) {
  Cursor in(text);
  const auto hash = take_field(in), day = take_field(in), domain = take_field(in);
  const auto local = in.rest();
  if (!hash || !day || !domain || !is_name(*domain) || !is_local_part(local)) return failure(Refusal::BadForm);
  if (!is_hash(*hash, secrets, {"0", *day, *domain, local})) return failure(Refusal::BadHash);
  const auto age = age_in_days(*day, now);
  if (!age) return failure(Refusal::BadForm);
  // The day may have changed between our clocks, or a restart set ours back a little: yesterday's tomorrow is today.
  const bool of_tomorrow = *age == days_counted - 1;
  if (!of_tomorrow && std::chrono::days{*age} > accepted_for) return failure(Refusal::TooOld);
  return Address{std::string(local), ascii_lower(*domain)};
}

Result<Address, Refusal> restore_second(std::string_view text, const Secrets& secrets) {
  Cursor in(text);
  const auto hash = take_field(in), first = take_field(in);
  const auto rest = in.rest();
  if (!hash || !first || !is_name(*first) || rest.size() < 2 || !is_separator(rest.front()) || !is_local_part(rest)) return failure(Refusal::BadForm);
  if (rest.size() + tag_octets > most_local_part) return failure(Refusal::BadForm);
  if (!is_hash(*hash, secrets, {"1", *first, rest})) return failure(Refusal::BadHash);
  return Address{"SRS0" + std::string(rest), ascii_lower(*first)};
}

}  // namespace

bool looks_rewritten(const Address& address) { return tag_number(address.local_part) >= 0; }

std::optional<Address> rewrite(const Address& sender, std::string_view domain, const Secrets& secrets, WallTime now) {
  if (secrets.empty() || !is_local_part(sender.local_part) || !is_name(sender.domain)) return std::nullopt;
  const std::string_view local = sender.local_part;
  switch (tag_number(local)) {
    case 0: {
      const auto rest = local.substr(tag_octets);
      if (rest.size() >= 2) return rewrite_again(sender.domain, rest, domain, secrets);
      break;
    }
    case 1: {
      // Only the hash changes: the way back goes past whoever forwarded between the first and us.
      Cursor in(local.substr(tag_octets + 1));
      const auto hash = take_field(in), first = take_field(in);
      if (hash && first && in.rest().size() >= 2 && is_separator(in.rest().front())) return rewrite_again(*first, in.rest(), domain, secrets);
      break;
    }
    default: break;
  }
  const auto day = day_text(day_of(now));
  const auto hash = hash_of(secrets.front(), {"0", day, sender.domain, local});
  return fitting("SRS0=" + hash + '=' + day + '=' + sender.domain + '=' + sender.local_part, domain);
}

Result<Address, Refusal> restore(const Address& address, const Secrets& secrets, WallTime now) {
  const int tag = tag_number(address.local_part);
  if (tag < 0) return failure(Refusal::NotRewritten);
  const auto rest = std::string_view(address.local_part).substr(tag_octets + 1);
  return tag == 0 ? restore_first(rest, secrets, now) : restore_second(rest, secrets);
}

}  // namespace hikyaku::srs
