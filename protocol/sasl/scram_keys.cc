#include "protocol/sasl/scram_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/check.h"
#include "protocol/sasl/prepare.h"

namespace hikyaku::sasl {
namespace {
const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  unsigned int length = 0;
  check(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(text), text.size(), octets(out), &length) !=
            nullptr,
        "HMAC-SHA-256 works");
  return out;
}

std::string sha256(std::string_view text) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(octets(text), text.size(), octets(out));
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// RFC 5802 §3: SaltedPassword := Hi(Normalize(password), salt, i); ClientKey, StoredKey, ServerKey from it.
std::optional<ScramKeys> derive_scram_keys(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  auto prepared = saslprep(password);
  if (!prepared) return std::nullopt;
  std::string salted(SHA256_DIGEST_LENGTH, '\0');
  const int done = PKCS5_PBKDF2_HMAC(prepared->data(), static_cast<int>(prepared->size()), octets(salt),
                                     static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                                     SHA256_DIGEST_LENGTH, octets(salted));
  OPENSSL_cleanse(prepared->data(), prepared->size());
  check(done == 1, "PBKDF2 works");
  ScramKeys keys{.salt = std::string(salt), .iterations = iterations};
  std::string client_key = hmac_sha256(salted, "Client Key");
  keys.stored_key = sha256(client_key);
  keys.server_key = hmac_sha256(salted, "Server Key");
  OPENSSL_cleanse(client_key.data(), client_key.size());
  OPENSSL_cleanse(salted.data(), salted.size());
  return keys;
}

ScramKeys fake_scram_keys(std::string_view server_secret, std::string_view user, std::uint32_t iterations) {
  const std::string name(user);
  ScramKeys keys{.salt = hmac_sha256(server_secret, "salt:" + name).substr(0, 16), .iterations = iterations};
  // No one knows a ClientKey whose hash this is.
  keys.stored_key = hmac_sha256(server_secret, "stored:" + name);
  keys.server_key = hmac_sha256(server_secret, "server:" + name);
  return keys;
}

}  // namespace hikyaku::sasl
