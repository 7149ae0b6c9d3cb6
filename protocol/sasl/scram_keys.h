// ScramKeys: what a server keeps of a password for SCRAM-SHA-256 (RFC 5802 §3). Who steals them cannot log in with
// them as long as the password resists guessing, but can play the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::sasl {

inline constexpr std::uint32_t least_iterations = 4096;      // RFC 7677 §4
inline constexpr std::uint32_t most_iterations = 1'000'000;  // a client refuses more: about half a second of work
inline constexpr std::size_t scram_key_octets = 32;

struct ScramKeys {
  std::string salt;        // raw octets, 16 by our own derivation
  std::uint32_t iterations = least_iterations;
  std::string stored_key;  // 32 octets: H(ClientKey)
  std::string server_key;  // 32 octets
  friend bool operator==(const ScramKeys&, const ScramKeys&) = default;
};

// Derives the keys; the password is prepared by saslprep() first, and nothing is returned when that refuses it.
// Costs about 0.5 us an iteration (2 ms at 4,096): call it on a worker.
[[nodiscard]] std::optional<ScramKeys> derive_scram_keys(std::string_view password, std::string_view salt,
                                                         std::uint32_t iterations);

// The keys shown to a client that names nobody: salt made from a server secret and the name, so that the same name
// always gets the same answer, and keys no proof fits. Give the secret at least 32 random octets, kept for good.
[[nodiscard]] ScramKeys fake_scram_keys(std::string_view server_secret, std::string_view user, std::uint32_t iterations);

// HMAC-SHA-256 and SHA-256, 32 octets each.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);
[[nodiscard]] std::string sha256(std::string_view text);
// Takes the same time for equal and different contents; lengths are not secret.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace hikyaku::sasl
