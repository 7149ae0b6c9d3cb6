// TLS settings shared by many connections: certificates of a server, trust of a client. TLS 1.2 and up; no
// compression, no renegotiation, no session cache. Contexts are immutable and shared; a reload makes a new one, and
// running connections keep the one they began with.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hikyaku::io {

// One sentence that names the file, what is wrong with it, and the remedy.
struct TlsSetupError {
  std::string what;
};

struct CertificateFiles {
  std::string certificate;  // PEM: the certificate, then its chain
  std::string key;          // PEM, without passphrase
  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

// The certificates of a server. The first is used when a client names no server (SNI) or an unknown one; two of the
// same names with different kinds of key (ECDSA, RSA) serve together.
class TlsServerContext {
 public:
  static Result<std::shared_ptr<const TlsServerContext>, TlsSetupError> load(std::span<const CertificateFiles> files);
  // From PEM texts instead of files: for a service that may not open them. One certificate with its chain, one key.
  static Result<std::shared_ptr<const TlsServerContext>, TlsSetupError> from_pem(std::string_view certificate_and_chain,
                                                                                 std::string_view key);
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;
  ~TlsServerContext();

  // For io/connection.cc.
  [[nodiscard]] SSL_CTX* system() const;

 private:
  struct Identity;
  TlsServerContext() = default;
  static int choose_by_name(SSL* session, int* alert, void* self);

  std::vector<Identity> identities_;
};

// The current TlsServerContext of a service and the way to replace it. Thread-safe.
class TlsServerSource {
 public:
  static Result<std::unique_ptr<TlsServerSource>, TlsSetupError> open(std::vector<CertificateFiles> files);
  [[nodiscard]] std::shared_ptr<const TlsServerContext> current() const;
  // Loads the files anew; on an error the former context stays in use. Reads files: from a worker.
  Result<void, TlsSetupError> reload();

 private:
  explicit TlsServerSource(std::vector<CertificateFiles> files) : files_(std::move(files)) {}
  std::vector<CertificateFiles> files_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsServerContext> current_;
};

enum class PeerCheck : std::uint8_t {
  None,  // opportunistic: encrypt, whoever it is (RFC 7435)
  Dane,  // as the TLSA records of the peer's name say (RFC 7672): start_tls_client is given them
  NameNoted,  // as Name, but a failure only shows in Connection::tls_verdict()
  Name,  // the chain must lead to a trusted authority and the certificate must be for the peer's name
};

class TlsClientContext {
 public:
  // `authorities_file`: PEM of trusted authorities; empty: the system's.
  static Result<std::shared_ptr<const TlsClientContext>, TlsSetupError> make(const std::string& authorities_file = {});
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;
  ~TlsClientContext();

  [[nodiscard]] SSL_CTX* system() const { return context_; }

 private:
  TlsClientContext() = default;
  SSL_CTX* context_ = nullptr;
};

}  // namespace hikyaku::io
