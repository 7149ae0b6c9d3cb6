#include "io/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <set>

#include "io/tls_error.h"

namespace hikyaku::io {

struct TlsServerContext::Identity {
  std::set<std::string> names;
  SSL_CTX* context;
};

namespace {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using ContextPointer = std::unique_ptr<SSL_CTX, Freeing<SSL_CTX_free>>;
using CertificatePointer = std::unique_ptr<X509, Freeing<X509_free>>;
using BioPointer = std::unique_ptr<BIO, Freeing<BIO_free>>;

// Common to servers and clients. RELEASE_BUFFERS: an idle session costs 17 KB instead of 30.
ContextPointer new_context(const SSL_METHOD* method) {
  ContextPointer context(SSL_CTX_new(method));
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);  // RFC 8996
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

ContextPointer new_server_context() {
  auto context = new_context(TLS_server_method());
  if (!context) return context;
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_num_tickets(context.get(), 1);
  return context;
}

std::set<std::string> names_of(X509* certificate) {
  std::set<std::string> names;
  auto* alternatives =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type != GEN_DNS) continue;
    names.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                  static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(alternatives);
  return names;
}

TlsSetupError setup_error(const std::string& file, const std::string& problem, const std::string& remedy) {
  return {file + ": " + problem + ". Remedy: " + remedy};
}

Result<CertificatePointer, TlsSetupError> first_certificate(const std::string& file) {
  const BioPointer in(BIO_new_file(file.c_str(), "r"));
  if (!in)
    return failure(setup_error(file, take_tls_error(), "check that the file exists and that this service may read it"));
  CertificatePointer certificate(PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr));
  if (certificate) return certificate;
  return failure(setup_error(file, take_tls_error(), "give a PEM file that begins with the server's certificate"));
}

Result<void, TlsSetupError> add_pair(SSL_CTX* context, const CertificateFiles& files) {
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return failure(setup_error(files.certificate, take_tls_error(),
                               "give a PEM file with the server's certificate and then its chain"));
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failure(setup_error(
        files.key, take_tls_error(),
        "give the PEM private key of " + files.certificate + ", readable by this service, without passphrase"));
  }
  if (SSL_CTX_check_private_key(context) == 1) return {};
  return failure(setup_error(files.key, take_tls_error(), "use the key that " + files.certificate + " was made with"));
}

int no_passphrase(char*, int, int, void*) { return -1; }  // never ask on the terminal

}  // namespace

TlsServerContext::~TlsServerContext() {
  for (const auto& identity : identities_) SSL_CTX_free(identity.context);
}

SSL_CTX* TlsServerContext::system() const { return identities_.front().context; }

Result<std::shared_ptr<const TlsServerContext>, TlsSetupError> TlsServerContext::load(
    std::span<const CertificateFiles> files) {
  if (files.empty())
    return failure(TlsSetupError{"no certificate is configured. Remedy: name a certificate and its key"});
  std::shared_ptr<TlsServerContext> made(new TlsServerContext);
  for (const auto& pair : files) {
    ERR_clear_error();
    TRY(certificate, first_certificate(pair.certificate));
    auto names = names_of(certificate.get());
    auto found = std::ranges::find(made->identities_, names, &Identity::names);
    if (found == made->identities_.end()) {
      auto context = new_server_context();
      if (!context) return failure(TlsSetupError{"OpenSSL gives no context: " + take_tls_error()});
      SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
      made->identities_.push_back({std::move(names), context.release()});
      found = made->identities_.end() - 1;
    }
    TRY_VOID(add_pair(found->context, pair));
  }
  SSL_CTX_set_tlsext_servername_callback(made->system(), &TlsServerContext::choose_by_name);
  SSL_CTX_set_tlsext_servername_arg(made->system(), made.get());
  return made;
}

Result<std::shared_ptr<const TlsServerContext>, TlsSetupError> TlsServerContext::from_pem(
    std::string_view certificate_and_chain, std::string_view key) {
  ERR_clear_error();
  auto context = new_server_context();
  if (!context) return failure(TlsSetupError{"OpenSSL gives no context: " + take_tls_error()});
  const BioPointer certificates(
      BIO_new_mem_buf(certificate_and_chain.data(), static_cast<int>(certificate_and_chain.size())));
  const CertificatePointer first(PEM_read_bio_X509_AUX(certificates.get(), nullptr, no_passphrase, nullptr));
  if (!first || SSL_CTX_use_certificate(context.get(), first.get()) != 1)
    return failure(
        setup_error("the certificate", take_tls_error(), "give a PEM text that begins with the server's certificate"));
  while (X509* next = PEM_read_bio_X509(certificates.get(), nullptr, no_passphrase, nullptr))
    SSL_CTX_add0_chain_cert(context.get(), next);
  ERR_clear_error();  // the end of the chain is found by failing to read one more
  const BioPointer key_text(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  const std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>> private_key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, no_passphrase, nullptr));
  if (!private_key || SSL_CTX_use_PrivateKey(context.get(), private_key.get()) != 1)
    return failure(
        setup_error("the key", take_tls_error(), "give the certificate's PEM private key, without passphrase"));
  std::shared_ptr<TlsServerContext> made(new TlsServerContext);
  made->identities_.push_back({names_of(first.get()), context.release()});
  return made;
}

int TlsServerContext::choose_by_name(SSL* session, int*, void* self) {
  const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  for (const auto& identity : static_cast<const TlsServerContext*>(self)->identities_) {
    X509* certificate = SSL_CTX_get0_certificate(identity.context);
    if (X509_check_host(certificate, name, 0, 0, nullptr) != 1) continue;
    SSL_set_SSL_CTX(session, identity.context);
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_OK;  // an unknown name: the first certificate, as for a client that names nothing
}

Result<std::unique_ptr<TlsServerSource>, TlsSetupError> TlsServerSource::open(std::vector<CertificateFiles> files) {
  std::unique_ptr<TlsServerSource> source(new TlsServerSource(std::move(files)));
  TRY_VOID(source->reload());
  return source;
}

std::shared_ptr<const TlsServerContext> TlsServerSource::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

Result<void, TlsSetupError> TlsServerSource::reload() {
  TRY(fresh, TlsServerContext::load(files_));
  const std::scoped_lock lock(mutex_);
  current_ = std::move(fresh);
  return {};
}

Result<std::shared_ptr<const TlsClientContext>, TlsSetupError> TlsClientContext::make(
    const std::string& authorities_file) {
  ERR_clear_error();
  auto context = new_context(TLS_client_method());
  if (!context) return failure(TlsSetupError{"OpenSSL gives no context: " + take_tls_error()});
  const int loaded = authorities_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                              : SSL_CTX_load_verify_file(context.get(), authorities_file.c_str());
  if (loaded != 1) {
    return failure(setup_error(authorities_file.empty() ? "the system's authorities" : authorities_file,
                               take_tls_error(), "give a PEM file of trusted authorities"));
  }
  if (SSL_CTX_dane_enable(context.get()) != 1) return failure(TlsSetupError{"OpenSSL cannot verify by DANE: " + take_tls_error()});
  std::shared_ptr<TlsClientContext> made(new TlsClientContext);
  made->context_ = context.release();
  return made;
}

TlsClientContext::~TlsClientContext() { SSL_CTX_free(context_); }

}  // namespace hikyaku::io
