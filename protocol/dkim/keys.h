// The two signature algorithms of DKIM over OpenSSL: rsa-sha256 (RFC 6376 §3.3.2) and ed25519-sha256 (RFC 8463). Both sign
// a SHA-256 digest of 32 octets, so that whoever holds a private key never needs the message: `signer` gets a digest and a
// key's name, and gives back a signature. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_md_ctx_st;
struct evp_pkey_ctx_st;
struct evp_pkey_st;

namespace hikyaku::dkim {

enum class Algorithm : std::uint8_t { RsaSha256, Ed25519Sha256 };
[[nodiscard]] std::string_view algorithm_name(Algorithm algorithm);  // "rsa-sha256"
[[nodiscard]] std::string_view key_type_name(Algorithm algorithm);   // "rsa"

using Digest = std::array<unsigned char, 32>;
[[nodiscard]] std::string_view octets_of(const Digest& digest);

class Sha256 {
 public:
  Sha256();
  void add(std::string_view octets);
  // Another one that has heard the same so far.
  [[nodiscard]] Sha256 fork() const;
  // Afterwards nothing may be added.
  [[nodiscard]] Digest finish();

 private:
  struct Free { void operator()(evp_md_ctx_st* context) const; };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Owned or shared by all that check with it; OpenSSL counts.
struct FreeKey { void operator()(evp_pkey_st* key) const; };
struct FreeCheck { void operator()(evp_pkey_ctx_st* check) const; };

// RFC 8301 §3.2: keys below 1024 bits prove nothing. Above 8192 the work is the sender's to choose and ours to do.
inline constexpr int least_rsa_bits = 1024, most_rsa_bits = 8192;

class PublicKey {
 public:
  // The octets of p=: of RSA a SubjectPublicKeyInfo or a bare RSAPublicKey (RFC 6376 erratum 3017 has both), of Ed25519
  // the 32 octets (RFC 8463 §4.2). The error is one short reason: "key too small (512 bits)".
  [[nodiscard]] static Result<PublicKey, std::string> read(Algorithm algorithm, std::string_view octets);
  // About 0.02 ms (RSA-2048; the first one 0.03 ms) or 0.15 ms (Ed25519) of processor time; never waits. For several threads at once.
  [[nodiscard]] bool verifies(const Digest& digest, std::string_view signature) const;
  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  [[nodiscard]] int bits() const { return bits_; }

 private:
  PublicKey(Algorithm algorithm, evp_pkey_st* key);
  Algorithm algorithm_;
  int bits_ = 0;
  std::unique_ptr<evp_pkey_st, FreeKey> key_;
  std::unique_ptr<evp_pkey_ctx_st, FreeCheck> check_;  // of RSA: made ready once, copied for each check; null: it cannot be used
};

class PrivateKey {
 public:
  // PEM (PKCS#1 or PKCS#8, without a passphrase), or of Ed25519 the 32 octets of the seed in base64. RSA of 1024 to 8192 bits.
  [[nodiscard]] static Result<PrivateKey, std::string> read(std::string_view text);
  // RSA of 2048 bits (RFC 8301 §3.2), or Ed25519. RSA takes 0.1 to 1 s.
  [[nodiscard]] static PrivateKey generate(Algorithm algorithm);
  // 2 ms (RSA-2048), 0.1 ms (Ed25519).
  [[nodiscard]] std::string sign(const Digest& digest) const;
  [[nodiscard]] std::string pem() const;            // PKCS#8
  [[nodiscard]] std::string public_octets() const;  // as p= has them, before base64
  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  [[nodiscard]] int bits() const;

 private:
  PrivateKey(Algorithm algorithm, evp_pkey_st* key) : algorithm_(algorithm), key_(key) {}
  Algorithm algorithm_;
  std::unique_ptr<evp_pkey_st, FreeKey> key_;
};

}  // namespace hikyaku::dkim
