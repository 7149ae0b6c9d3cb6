#include "services/directory/verifier.h"

#include <crypt.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "base/cursor.h"
#include "base/wire.h"
#include "protocol/sasl/prepare.h"

namespace hikyaku::directory {

namespace {

constexpr std::size_t most_password_octets = 1024, most_hash_octets = 256;
constexpr std::uint8_t format = 1;

void need_sodium() {
  static const bool ready = sodium_init() >= 0;
  check_or_abort(ready, "libsodium starts");
}

// RFC 8265 §4.2, so that a password typed on another keyboard or system is the same; what that refuses stays as it is.
std::string comparable(std::string_view password) {
  auto prepared = sasl::opaque_string(password);
  return prepared ? std::move(*prepared) : std::string(password);
}

std::string argon2id(std::string_view password, const PasswordCost& cost) {
  need_sodium();
  std::array<char, crypto_pwhash_STRBYTES> out{};
  const int failed = crypto_pwhash_str_alg(out.data(), password.data(), password.size(), cost.operations,
                                           cost.memory_octets, crypto_pwhash_ALG_ARGON2ID13);
  check(failed == 0, "argon2id has the memory it was given");
  return out.data();
}

bool is_argon2id(std::string_view hash) { return hash.starts_with("$argon2id$"); }

bool crypt_matches(const std::string& hash, std::string_view password) {
  if (password.find('\0') != std::string_view::npos) return false;  // crypt(3) would stop reading there
  const auto data = std::make_unique<crypt_data>();
  std::memset(data.get(), 0, sizeof(crypt_data));
  const char* found = crypt_r(std::string(password).c_str(), hash.c_str(), data.get());
  const bool right = found && *found != '*' && sasl::equal_in_constant_time(found, hash);
  sodium_memzero(data.get(), sizeof(crypt_data));
  return right;
}

// The number after `name` in "$6$rounds=5000$...", or nothing.
std::optional<std::uint64_t> number_after(std::string_view hash, std::string_view name) {
  const auto at = hash.find(name);
  if (at == std::string_view::npos) return {};
  Cursor in(hash.substr(at + name.size()));
  const auto number = parse_number(in, 1ULL << 40);
  return number ? *number : 1ULL << 40;
}

bool costs_too_much(std::string_view hash) {
  if (hash.starts_with("$5$") || hash.starts_with("$6$")) return number_after(hash, "$rounds=").value_or(0) > 1'000'000;
  if (hash.starts_with("$2")) {
    Cursor in(hash.substr(4));
    const auto cost = parse_number(in, 99);
    return !cost || *cost > 14;
  }
  if (is_argon2id(hash)) return number_after(hash, "$m=").value_or(~0ULL) > 256 << 10 || number_after(hash, ",t=").value_or(~0ULL) > 10;
  if (hash.starts_with("$y$")) return !hash.starts_with("$y$j") || hash.size() < 5 || hash[4] > 'C';  // j9T is usual; each letter doubles
  return false;
}

}  // namespace

std::string random_octets(std::size_t count) {
  need_sodium();
  std::string out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

std::string Verifier::encode() const {
  WireWriter out;
  out.u8(format).text(hash).u8(scram ? 1 : 0);
  if (scram) out.text(scram->salt).u32(scram->iterations).text(scram->stored_key).text(scram->server_key);
  return std::move(out).bytes();
}

std::optional<Verifier> Verifier::decode(std::string_view bytes) {
  WireReader in(bytes);
  const auto version = in.u8();
  Verifier verifier;
  verifier.hash = in.text();
  if (in.u8() != 0) {
    auto& keys = verifier.scram.emplace();
    keys.salt = in.text();
    keys.iterations = in.u32();
    keys.stored_key = in.text();
    keys.server_key = in.text();
  }
  if (!in.complete() || version != format) return {};
  return verifier;
}

Result<Verifier, std::string> make_verifier(std::string_view password, const PasswordCost& cost) {
  if (password.empty()) return failure(std::string("The password is empty; choose one of at least a few words."));
  if (password.size() > most_password_octets) return failure(std::string("The password is longer than 1,024 octets; choose a shorter one."));
  if (std::ranges::any_of(password, is_ctl))
    return failure(std::string("The password has a control character in it (a line end?); choose one without."));
  Verifier verifier{argon2id(comparable(password), cost), {}};
  // SASLprep refuses some texts that a password prompt takes: then PLAIN works and SCRAM does not.
  verifier.scram = sasl::derive_scram_keys(password, random_octets(16), cost.scram_iterations);
  return verifier;
}

Result<Verifier, std::string> import_hash(std::string_view hash) {
  constexpr std::array<std::string_view, 8> known{"$argon2id$", "$1$", "$5$", "$6$", "$y$", "$2a$", "$2b$", "$2y$"};
  const bool is_known = std::ranges::any_of(known, [&](auto prefix) { return hash.starts_with(prefix); });
  const bool is_text = hash.size() <= most_hash_octets && std::ranges::none_of(hash, [](char c) { return c <= ' ' || c >= 0x7f || c == ':'; });
  if (!is_known || !is_text || std::ranges::count(hash, '$') < 3)
    return failure(std::string("The password hash is of no known kind; give $argon2id$, $1$, $5$, $6$, $y$ or $2b$."));
  if (costs_too_much(hash)) return failure(std::string("The password hash costs too much time to verify; set a new password."));
  return Verifier{std::string(hash), {}};
}

PasswordCheck check_password(const Verifier& verifier, std::string_view password, const PasswordCost& cost) {
  if (password.empty() || password.size() > most_password_octets) return PasswordCheck::Wrong;
  const auto prepared = comparable(password);
  if (is_argon2id(verifier.hash)) {
    need_sodium();
    if (crypto_pwhash_str_verify(verifier.hash.c_str(), prepared.data(), prepared.size()) != 0) return PasswordCheck::Wrong;
    const bool old = crypto_pwhash_str_needs_rehash(verifier.hash.c_str(), cost.operations, cost.memory_octets) != 0;
    // Without keys because SASLprep refuses the password: nothing would change.
    const bool lacks_keys = !verifier.scram && sasl::saslprep(password).has_value();
    return old || lacks_keys ? PasswordCheck::RightButWeak : PasswordCheck::Right;
  }
  const bool right = crypt_matches(verifier.hash, password) || (prepared != password && crypt_matches(verifier.hash, prepared));
  return right ? PasswordCheck::RightButWeak : PasswordCheck::Wrong;
}

void check_nothing(std::string_view password, const PasswordCost& cost) {
  // The hash of a password nobody has, made once, of the cost that real ones have.
  static const std::string nobody = argon2id(random_octets(32), cost);
  need_sodium();
  (void)crypto_pwhash_str_verify(nobody.c_str(), password.data(), password.size());
}

}  // namespace hikyaku::directory
