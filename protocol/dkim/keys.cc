#include "protocol/dkim/keys.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <optional>

#include "base/check.h"
#include "protocol/dkim/tag_list.h"

namespace hikyaku::dkim {
namespace {

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

struct FreeAny {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
};
template <class T>
using Own = std::unique_ptr<T, FreeAny>;

// Fetched once: each use by name would look it up in OpenSSL's tables anew.
const EVP_MD* sha256() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

// ---- DER, as far as RSA keys need it (ITU-T X.690): OpenSSL 3's decoder costs more than the verification itself.

constexpr unsigned char integer = 0x02, bit_string = 0x03, sequence = 0x30;
// AlgorithmIdentifier of rsaEncryption with NULL (RFC 8017 appendix A.1), without its own tag and length
constexpr std::string_view rsa_encryption("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13);

// The content of the next element, if it has this tag and fits.
std::optional<std::string_view> take_element(std::string_view& in, unsigned char tag) {
  if (in.size() < 2 || static_cast<unsigned char>(in[0]) != tag) return std::nullopt;
  std::size_t length = static_cast<unsigned char>(in[1]), header = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7f;
    if (count == 0 || count > 2 || in.size() < 2 + count) return std::nullopt;
    length = 0;
    for (; header < 2 + count; ++header) length = length << 8 | static_cast<unsigned char>(in[header]);
  }
  if (length > in.size() - header) return std::nullopt;
  const auto content = in.substr(header, length);
  in.remove_prefix(header + length);
  return content;
}

struct RsaNumbers {
  std::string_view modulus, exponent;
};

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }      RFC 8017 appendix A.1.1
std::optional<RsaNumbers> read_rsa_public_key(std::string_view der) {
  auto content = take_element(der, sequence);
  if (!content || !der.empty()) return std::nullopt;
  const auto modulus = take_element(*content, integer), exponent = modulus ? take_element(*content, integer) : std::nullopt;
  if (!exponent || !content->empty() || modulus->empty() || exponent->empty()) return std::nullopt;
  const bool negative = (modulus->front() & 0x80) != 0 || (exponent->front() & 0x80) != 0;
  return negative ? std::nullopt : std::optional(RsaNumbers{*modulus, *exponent});
}

// SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING }      RFC 5280 §4.1
std::optional<RsaNumbers> read_rsa(std::string_view der) {
  auto outer = der;
  auto content = take_element(outer, sequence);
  if (!content || content->empty()) return std::nullopt;
  if (static_cast<unsigned char>(content->front()) == integer) return read_rsa_public_key(der);
  const auto algorithm = take_element(*content, sequence);
  if (!algorithm || *algorithm != rsa_encryption) return std::nullopt;
  auto bits = take_element(*content, bit_string);
  if (!bits || bits->empty() || bits->front() != '\0' || !content->empty() || !outer.empty()) return std::nullopt;
  return read_rsa_public_key(bits->substr(1));
}

EVP_PKEY* make_rsa(const BIGNUM* modulus, const BIGNUM* exponent) {
  const Own<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  check(builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
            OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent) == 1,
        "an RSA key's numbers can be passed on");
  const Own<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Own<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 || EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) return nullptr;
  return key;
}

Result<EVP_PKEY*, std::string> read_rsa_key(std::string_view der) {
  const auto numbers = read_rsa(der);
  if (!numbers) return failure(std::string("key is no RSA key"));
  const auto number = [](std::string_view text) { return Own<BIGNUM>(BN_bin2bn(octets(text), static_cast<int>(text.size()), nullptr)); };
  const auto modulus = number(numbers->modulus), exponent = number(numbers->exponent);
  const int bits = BN_num_bits(modulus.get());
  if (bits < least_rsa_bits) return failure("key too small (" + std::to_string(bits) + " bits)");
  if (bits > most_rsa_bits) return failure("key too large (" + std::to_string(bits) + " bits)");
  // A large exponent makes checking as slow as signing: no honest key has one.
  if (BN_num_bits(exponent.get()) > 64 || BN_is_one(exponent.get()) || !BN_is_odd(exponent.get()) || !BN_is_odd(modulus.get())) return failure(std::string("key is no RSA key"));
  auto* key = make_rsa(modulus.get(), exponent.get());
  if (key == nullptr) return failure(std::string("key is no RSA key"));
  return key;
}

std::optional<Algorithm> algorithm_of(const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_RSA) return Algorithm::RsaSha256;
  if (type == EVP_PKEY_ED25519) return Algorithm::Ed25519Sha256;
  return std::nullopt;
}

int no_passphrase(char*, int, int, void*) { return -1; }

std::string drained(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::string_view algorithm_name(Algorithm algorithm) { return algorithm == Algorithm::RsaSha256 ? "rsa-sha256" : "ed25519-sha256"; }
std::string_view key_type_name(Algorithm algorithm) { return algorithm == Algorithm::RsaSha256 ? "rsa" : "ed25519"; }
std::string_view octets_of(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }
Sha256::Sha256() : context_(EVP_MD_CTX_new()) { check(context_ && EVP_DigestInit_ex2(context_.get(), sha256(), nullptr) == 1, "SHA-256 begins"); }
void Sha256::add(std::string_view text) { check(EVP_DigestUpdate(context_.get(), text.data(), text.size()) == 1, "SHA-256 goes on"); }
Sha256 Sha256::fork() const {
  Sha256 other;
  check(EVP_MD_CTX_copy_ex(other.context_.get(), context_.get()) == 1, "SHA-256 goes on twice");
  return other;
}
Digest Sha256::finish() {
  Digest digest{};
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1, "SHA-256 ends");
  return digest;
}

void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }
void FreeCheck::operator()(evp_pkey_ctx_st* check) const { EVP_PKEY_CTX_free(check); }

PublicKey::PublicKey(Algorithm algorithm, evp_pkey_st* key) : algorithm_(algorithm), bits_(EVP_PKEY_get_bits(key)), key_(key) {
  if (algorithm != Algorithm::RsaSha256) return;
  check_.reset(EVP_PKEY_CTX_new(key, nullptr));
  if (EVP_PKEY_verify_init(check_.get()) != 1 || EVP_PKEY_CTX_set_rsa_padding(check_.get(), RSA_PKCS1_PADDING) != 1 || EVP_PKEY_CTX_set_signature_md(check_.get(), sha256()) != 1) check_.reset();
}

Result<PublicKey, std::string> PublicKey::read(Algorithm algorithm, std::string_view text) {
  if (algorithm == Algorithm::RsaSha256) {
    TRY(key, read_rsa_key(text));
    return PublicKey(algorithm, key);
  }
  auto* key = text.size() == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(text), text.size()) : nullptr;
  if (key == nullptr) return failure(std::string("key is no Ed25519 key"));
  return PublicKey(algorithm, key);
}

bool PublicKey::verifies(const Digest& digest, std::string_view signature) const {
  if (algorithm_ == Algorithm::Ed25519Sha256) {
    const Own<EVP_MD_CTX> context(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), octets(signature), signature.size(), digest.data(), digest.size()) == 1;
  }
  if (!check_) return false;
  const Own<EVP_PKEY_CTX> context(EVP_PKEY_CTX_dup(check_.get()));
  return context && EVP_PKEY_verify(context.get(), octets(signature), signature.size(), digest.data(), digest.size()) == 1;
}

Result<PrivateKey, std::string> PrivateKey::read(std::string_view text) {
  EVP_PKEY* key = nullptr;
  if (const auto seed = decode_folded_base64(text); seed && seed->size() == 32) {
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(*seed), seed->size());
  } else {
    const Own<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr);
  }
  if (key == nullptr) return failure(std::string("no private key in PEM, without a passphrase"));
  const std::unique_ptr<evp_pkey_st, FreeKey> owned(key);
  const auto algorithm = algorithm_of(key);
  if (!algorithm) return failure(std::string("neither an RSA nor an Ed25519 key"));
  const int bits = EVP_PKEY_get_bits(key);
  if (*algorithm == Algorithm::RsaSha256 && (bits < least_rsa_bits || bits > most_rsa_bits)) return failure("an RSA key of " + std::to_string(bits) + " bits");
  EVP_PKEY_up_ref(key);
  return PrivateKey(*algorithm, key);
}

PrivateKey PrivateKey::generate(Algorithm algorithm) {
  auto* key = algorithm == Algorithm::RsaSha256 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}) : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  check(key != nullptr, "a key can be made");
  return {algorithm, key};
}

std::string PrivateKey::sign(const Digest& digest) const {
  std::size_t length = static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
  std::string signature(length, '\0');
  bool done = false;
  if (algorithm_ == Algorithm::Ed25519Sha256) {
    const Own<EVP_MD_CTX> context(EVP_MD_CTX_new());
    done = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestSign(context.get(), octets(signature), &length, digest.data(), digest.size()) == 1;
  } else {
    const Own<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key_.get(), nullptr));
    done = EVP_PKEY_sign_init(context.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context.get(), sha256()) == 1 &&
           EVP_PKEY_sign(context.get(), octets(signature), &length, digest.data(), digest.size()) == 1;
  }
  check(done, "a digest can be signed");
  signature.resize(length);
  return signature;
}

std::string PrivateKey::pem() const {
  const Own<BIO> bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "a key can be written");
  return drained(bio.get());
}

std::string PrivateKey::public_octets() const {
  if (algorithm_ == Algorithm::RsaSha256) {
    const Own<BIO> bio(BIO_new(BIO_s_mem()));
    check(i2d_PUBKEY_bio(bio.get(), key_.get()) == 1, "a public key can be written");
    return drained(bio.get());
  }
  std::size_t length = 32;
  std::string out(length, '\0');
  check(EVP_PKEY_get_raw_public_key(key_.get(), octets(out), &length) == 1, "a public key can be written");
  return out;
}

int PrivateKey::bits() const { return EVP_PKEY_get_bits(key_.get()); }

}  // namespace hikyaku::dkim
