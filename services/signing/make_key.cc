#include "services/signing/make_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace hikyaku::signing {

Result<dkim::PrivateKey, std::string> make_key(dkim::Algorithm algorithm, int bits) {
  if (algorithm == dkim::Algorithm::Ed25519Sha256 || bits == usual_rsa_bits) return dkim::PrivateKey::generate(algorithm);
  if (bits < dkim::least_rsa_bits || bits > most_made_rsa_bits) return failure("an RSA key has 1024 to 4096 bits, not " + std::to_string(bits));
  struct FreeBio { void operator()(BIO* bio) const { BIO_free_all(bio); } };
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)), EVP_PKEY_free);
  const std::unique_ptr<BIO, FreeBio> out(BIO_new(BIO_s_secmem()));
  if (!key || !out || PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) return failure(std::string("no key could be made"));
  char* text = nullptr;
  const auto octets = BIO_get_mem_data(out.get(), &text);
  return dkim::PrivateKey::read({text, static_cast<std::size_t>(octets)});
}

}  // namespace hikyaku::signing
