// Verifier: what is kept of a password. New ones are argon2id (parameters in the record) with SCRAM-SHA-256 keys beside;
// imported crypt(3) hashes are verified as they are and replaced at the next login, when the password is known.
// Functions here compute for 50 to 300 ms: call them on workers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/sasl/scram_keys.h"

namespace hikyaku::directory {

struct Verifier {
  std::string hash;                        // "$argon2id$..." or a crypt(3) hash; never a password
  std::optional<sasl::ScramKeys> scram;    // absent after an import, until the next login by password

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<Verifier> decode(std::string_view bytes);
  friend bool operator==(const Verifier&, const Verifier&) = default;
};

struct PasswordCost {
  std::uint64_t operations = 2;
  std::uint64_t memory_octets = 19 << 20;  // 87 ms measured on a 2-core machine
  std::uint32_t scram_iterations = 4096;
};

// The sentence says what is wrong with the password: empty, too long (1,024 octets), control characters in it.
[[nodiscard]] Result<Verifier, std::string> make_verifier(std::string_view password, const PasswordCost& cost = {});

// $argon2id$, $1$, $5$, $6$, $y$, $2a$, $2b$, $2y$ with at most ordinary costs (a hash that takes minutes is an attack).
[[nodiscard]] Result<Verifier, std::string> import_hash(std::string_view hash);

enum class PasswordCheck : std::uint8_t {
  Wrong,
  Right,
  RightButWeak,  // store make_verifier(password) in its place: imported, without SCRAM keys, or of an older cost
};
[[nodiscard]] PasswordCheck check_password(const Verifier& verifier, std::string_view password, const PasswordCost& cost = {});

// Takes as long as a real check: what is done when there is no such account.
void check_nothing(std::string_view password, const PasswordCost& cost = {});

[[nodiscard]] std::string random_octets(std::size_t count);

}  // namespace hikyaku::directory
