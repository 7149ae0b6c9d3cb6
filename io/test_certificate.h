// Certificates for tests, made in memory and written into a test's folder: an authority and what it signed.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>

#include "base/check.h"

namespace hikyaku::io {

enum class TestKey { Ecdsa, Rsa };

class TestAuthority {
 public:
  explicit TestAuthority(std::string folder) : folder_(std::move(folder)), key_(new_key(TestKey::Ecdsa)) {
    certificate_ = sign("Test Authority", key_, "", "critical,CA:TRUE");
    write_certificate("ca.pem", certificate_);
  }
  ~TestAuthority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  [[nodiscard]] std::string file() const { return folder_ + "/ca.pem"; }
  // Writes NAME.pem and NAME.key; `alternatives` as "DNS:mail.example,DNS:*.example".
  void issue(const std::string& name, const std::string& alternatives, TestKey kind = TestKey::Ecdsa) {
    EVP_PKEY* key = new_key(kind);
    X509* certificate = sign(name, key, alternatives, "critical,CA:FALSE");
    write_certificate(name + ".pem", certificate);
    std::FILE* out = std::fopen((folder_ + "/" + name + ".key").c_str(), "w");
    check(out != nullptr && PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "a test key is written");
    std::fclose(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

 private:
  static EVP_PKEY* new_key(TestKey kind) { return kind == TestKey::Ecdsa ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048); }

  X509* sign(const std::string& name, EVP_PKEY* key, const std::string& alternatives, const char* constraints) {
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(made), -60);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(certificate_ == nullptr ? made : certificate_));
    add_extension(made, NID_basic_constraints, constraints);
    if (!alternatives.empty()) add_extension(made, NID_subject_alt_name, alternatives.c_str());
    check(X509_sign(made, key_, EVP_sha256()) != 0, "a test certificate is signed");
    return made;
  }
  static void add_extension(X509* certificate, int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    check(extension != nullptr, "a test certificate's extension is right");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void write_certificate(const std::string& file, X509* certificate) {
    std::FILE* out = std::fopen((folder_ + "/" + file).c_str(), "w");
    check(out != nullptr && PEM_write_X509(out, certificate) == 1, "a test certificate is written");
    std::fclose(out);
  }

  std::string folder_;
  EVP_PKEY* key_;
  X509* certificate_ = nullptr;
  long serial_ = 0;
};

}  // namespace hikyaku::io
