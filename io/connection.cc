#include "io/connection.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "io/tls_error.h"

namespace hikyaku::io {

namespace {

// A long write gives way to other sessions after this many octets.
constexpr std::size_t fair_share_octets = 256 * 1024;
constexpr std::size_t drop_limit_octets = 1 << 20;

IoError ended_by(Wake outcome) {
  if (outcome == Wake::TimedOut) return {IoFailure::TimedOut, "the deadline passed"};
  if (outcome == Wake::Ready) return {IoFailure::Closed, "this side closed the connection"};
  return {IoFailure::Cancelled, "this process is stopping"};
}

// Clears a pointer when the frame that set it goes, however it goes.
class Noted {
 public:
  Noted(Wait*& place, Wait& wait) : place_(place) {
    check(place_ == nullptr, "one coroutine reads a connection at a time");
    place_ = &wait;
  }
  Noted(const Noted&) = delete;
  Noted& operator=(const Noted&) = delete;
  ~Noted() { place_ = nullptr; }

 private:
  Wait*& place_;
};

}  // namespace

Connection::Connection(Loop& loop, Descriptor socket, SocketAddress peer)
    : loop_(loop), socket_(std::move(socket)), peer_(std::move(peer)) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  check(flags >= 0, "a connection is made of an open socket");
  if ((flags & O_NONBLOCK) == 0) ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
}

Connection::~Connection() { abort(); }

void Connection::abort() {
  release_buffer();
  if (tls_ != nullptr) SSL_free(std::exchange(tls_, nullptr));
  if (!socket_) return;
  loop_.forget(socket_.get());
  socket_.reset();
}

Descriptor Connection::release() {
  check(tls_ == nullptr, "a stream under TLS stays with its session");
  release_buffer();
  if (socket_) loop_.forget(socket_.get());
  return std::move(socket_);
}

SocketAddress Connection::local() const {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return SocketAddress::from_system(storage, length);
}

void Connection::release_buffer() {
  if (buffer_) loop_.buffers().give_back(std::move(buffer_));
}

void Connection::interrupt() {
  interrupted_ = true;
  if (reading_ != nullptr) reading_->wake(Wake::Ready);
}

// --- reading and writing ---

Connection::Attempt Connection::try_read() {
  if (tls_ != nullptr) return try_read_tls();
  const auto n = ::recv(socket_.get(), buffer_.get(), BufferPool::buffer_octets, 0);
  if (n > 0) return {Step::Done, static_cast<std::size_t>(n)};
  if (n == 0) return {Step::Failed, 0, {IoFailure::Closed, "the peer closed the connection"}};
  if (errno == EAGAIN || errno == EINTR) return {Step::WantRead};
  return {Step::Failed, 0, io_error_of("recv", errno)};
}

Connection::Attempt Connection::try_write(std::string_view octets) {
  if (tls_ != nullptr) return try_write_tls(octets);
  const auto n = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
  if (n >= 0) return {Step::Done, static_cast<std::size_t>(n)};
  if (errno == EAGAIN || errno == EINTR) return {Step::WantWrite};
  return {Step::Failed, 0, io_error_of("send", errno)};
}

Task<IoResult<std::string_view>> Connection::read(Deadline deadline) {
  release_buffer();
  bool wait_first = !maybe_more_;
  Step want = Step::WantRead;
  for (;;) {
    if (std::exchange(interrupted_, false)) co_return failure(IoError{IoFailure::Interrupted, "look at what changed"});
    if (!socket_) co_return failure(IoError{IoFailure::Closed, "this side closed the connection"});
    if (wait_first) {
      auto wait =
          want == Step::WantRead ? loop_.readable(socket_.get(), deadline) : loop_.writable(socket_.get(), deadline);
      const Noted noted(reading_, wait);
      const Wake outcome = co_await wait;
      if (!socket_) continue;
      if (outcome != Wake::Ready) co_return failure(ended_by(outcome));
      wait_first = false;
      continue;
    }
    buffer_ = loop_.buffers().borrow();
    auto attempt = try_read();
    if (attempt.step == Step::Done) {
      maybe_more_ = attempt.octets == BufferPool::buffer_octets || (tls_ != nullptr && SSL_has_pending(tls_) == 1);
      octets_read_ += attempt.octets;
      co_return std::string_view(buffer_.get(), attempt.octets);
    }
    release_buffer();
    maybe_more_ = false;
    if (attempt.step == Step::Failed) co_return failure(std::move(attempt.error));
    want = attempt.step;
    wait_first = true;
  }
}

Task<IoResult<>> Connection::write(std::string_view octets, Deadline deadline) {
  std::size_t since_wait = 0;
  while (!octets.empty()) {
    if (!socket_) co_return failure(IoError{IoFailure::Closed, "this side closed the connection"});
    auto attempt = try_write(octets);
    if (attempt.step == Step::Failed) co_return failure(std::move(attempt.error));
    if (attempt.step == Step::Done) {
      octets_written_ += attempt.octets;
      octets.remove_prefix(attempt.octets);
      since_wait += attempt.octets;
      if (since_wait < fair_share_octets || octets.empty()) continue;
      since_wait = 0;
      const Wake outcome = co_await loop_.yield();
      if (outcome == Wake::Cancelled) co_return failure(ended_by(outcome));
      continue;
    }
    auto wait = attempt.step == Step::WantRead ? loop_.readable(socket_.get(), deadline)
                                               : loop_.writable(socket_.get(), deadline);
    const Wake outcome = co_await wait;
    if (!socket_) continue;
    if (outcome != Wake::Ready) co_return failure(ended_by(outcome));
    since_wait = 0;
  }
  co_return IoResult<>{};
}

// --- TLS ---

Connection::Attempt Connection::tls_attempt(const char* call, int result) {
  if (result > 0) return {Step::Done, static_cast<std::size_t>(result)};
  const int system_error = errno;
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ:
      return {Step::WantRead};
    case SSL_ERROR_WANT_WRITE:
      return {Step::WantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {Step::Failed, 0, {IoFailure::Closed, "the peer closed the TLS session"}};
    case SSL_ERROR_SYSCALL:
      tls_failed_ = true;
      return {Step::Failed, 0,
              system_error == 0 ? IoError{IoFailure::Reset, "the connection ended inside TLS"}
                                : io_error_of(call, system_error)};
    default:
      break;
  }
  tls_failed_ = true;
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return {Step::Failed, 0, {IoFailure::Reset, "the connection ended inside TLS"}};
  }
  std::string reason = take_tls_error();
  if (const long verdict = SSL_get_verify_result(tls_); verdict != X509_V_OK) {
    reason.append(": ").append(X509_verify_cert_error_string(verdict));
  }
  return {Step::Failed, 0, {IoFailure::Tls, std::string(call) + ": " + reason}};
}

Connection::Attempt Connection::try_read_tls() {
  ERR_clear_error();
  errno = 0;
  return tls_attempt("TLS read", SSL_read(tls_, buffer_.get(), static_cast<int>(BufferPool::buffer_octets)));
}

Connection::Attempt Connection::try_write_tls(std::string_view octets) {
  ERR_clear_error();
  errno = 0;
  const auto part = std::min(octets.size(), fair_share_octets);
  return tls_attempt("TLS write", SSL_write(tls_, octets.data(), static_cast<int>(part)));
}

IoResult<> Connection::begin_tls(SSL_CTX* context, std::string_view unread) {
  if (!unread.empty())
    return failure(IoError{IoFailure::Tls, "the peer sent octets in plain before the TLS handshake"});
  check(tls_ == nullptr, "TLS begins once");
  if (!socket_) return failure(IoError{IoFailure::Closed, "this side closed the connection"});
  release_buffer();
  maybe_more_ = false;
  tls_ = SSL_new(context);
  if (tls_ == nullptr || SSL_set_fd(tls_, socket_.get()) != 1)
    return failure(IoError{IoFailure::NoResources, take_tls_error()});
  return {};
}

Task<IoResult<>> Connection::handshake(Deadline deadline) {
  for (;;) {
    ERR_clear_error();
    errno = 0;
    auto attempt = tls_attempt("TLS handshake", SSL_do_handshake(tls_));
    if (attempt.step == Step::Done) co_return IoResult<>{};
    if (attempt.step == Step::Failed) co_return failure(std::move(attempt.error));
    auto wait = attempt.step == Step::WantRead ? loop_.readable(socket_.get(), deadline)
                                               : loop_.writable(socket_.get(), deadline);
    const Noted noted(reading_, wait);
    const Wake outcome = co_await wait;
    const bool interrupted = std::exchange(interrupted_, false);
    if (outcome == Wake::Ready && socket_ && !interrupted) continue;
    tls_failed_ = true;
    if (interrupted) co_return failure(IoError{IoFailure::Interrupted, "the handshake was given up"});
    co_return failure(ended_by(outcome));
  }
}

Task<IoResult<>> Connection::start_tls_server(std::shared_ptr<const TlsServerContext> context, std::string_view unread,
                                              Deadline deadline) {
  CO_TRY_VOID(begin_tls(context->system(), unread));
  SSL_set_accept_state(tls_);
  auto shaking = handshake(deadline);
  auto result = co_await std::move(shaking);
  co_return result;
}

IoResult<> Connection::begin_tls_client(SSL_CTX* context, const std::string& name, PeerCheck check,
                                        std::string_view unread) {
  TRY_VOID(begin_tls(context, unread));
  SSL_set_connect_state(tls_);
  const bool is_address = IpAddress::parse(name).has_value();
  bool good = true;
  if (!name.empty() && !is_address) good = SSL_set_tlsext_host_name(tls_, name.c_str()) == 1;
  if (check == PeerCheck::Name || check == PeerCheck::NameNoted) {
    SSL_set_hostflags(tls_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    good = good && !name.empty() &&
           (is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), name.c_str())
                       : SSL_set1_host(tls_, name.c_str())) == 1;
    SSL_set_verify(tls_, check == PeerCheck::Name ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    checks_peer_ = true;
  } else {
    SSL_set_verify(tls_, SSL_VERIFY_NONE, nullptr);
  }
  if (!good) return failure(IoError{IoFailure::Tls, "\"" + name + "\" is no name for a TLS server"});
  return {};
}

Task<IoResult<>> Connection::start_tls_client(std::shared_ptr<const TlsClientContext> context, std::string peer_name,
                                              PeerCheck check, std::string_view unread, Deadline deadline) {
  CO_TRY_VOID(begin_tls_client(context->system(), peer_name, check, unread));
  auto shaking = handshake(deadline);
  auto result = co_await std::move(shaking);
  co_return result;
}

IoResult<> Connection::begin_tls_dane(SSL_CTX* context, const std::string& name, const std::string& domain,
                                      const std::vector<TlsaRecord>& records) {
  TRY_VOID(begin_tls(context, {}));
  SSL_set_connect_state(tls_);
  // RFC 7672 §8.1: the name of the TLSA records is the SNI.
  if (SSL_dane_enable(tls_, name.c_str()) <= 0) return failure(IoError{IoFailure::Tls, "\"" + name + "\" is no name for a TLS server"});
  SSL_set_hostflags(tls_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (!domain.empty() && domain != name) SSL_add1_host(tls_, domain.c_str());  // §3.2.2
  SSL_dane_set_flags(tls_, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  constexpr std::uint8_t dane_authority = 2, dane_own_key = 3;  // RFC 7218 §2.1
  bool usable = false;
  for (const auto& record : records) {
    if (record.usage != dane_authority && record.usage != dane_own_key) continue;  // §3.1.3
    const auto* data = reinterpret_cast<const unsigned char*>(record.data.data());
    usable |= SSL_dane_tlsa_add(tls_, record.usage, record.selector, record.matching, data, record.data.size()) > 0;
  }
  SSL_set_verify(tls_, usable ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  checks_peer_ = usable;
  return {};
}

Task<IoResult<>> Connection::start_tls_client(std::shared_ptr<const TlsClientContext> context, std::string peer_name, std::string domain,
                                              std::vector<TlsaRecord> records, Deadline deadline) {
  CO_TRY_VOID(begin_tls_dane(context->system(), peer_name, domain, records));
  auto shaking = handshake(deadline);
  auto result = co_await std::move(shaking);
  co_return result;
}

std::optional<TlsDetails> Connection::tls_details() const {
  if (tls_ == nullptr) return std::nullopt;
  const char* name = SSL_get_servername(tls_, TLSEXT_NAMETYPE_host_name);
  return TlsDetails{
      .version = SSL_get_version(tls_),
      .cipher = SSL_get_cipher_name(tls_),
      .server_name = name == nullptr ? "" : name,
      .peer_verified = SSL_get_verify_mode(tls_) != SSL_VERIFY_NONE && SSL_get_verify_result(tls_) == X509_V_OK};
}

TlsVerdict Connection::tls_verdict() const {
  if (tls_ == nullptr || !checks_peer_) return TlsVerdict::NotChecked;
  switch (SSL_get_verify_result(tls_)) {
    // A handshake that never came to the certificate leaves this result too.
    case X509_V_OK: return SSL_get0_peer_certificate(tls_) != nullptr ? TlsVerdict::Good : TlsVerdict::NotChecked;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TlsVerdict::WrongName;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return TlsVerdict::Expired;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return TlsVerdict::Untrusted;
    case X509_V_ERR_DANE_NO_MATCH: return TlsVerdict::NoTlsaMatch;
    default: return TlsVerdict::Wrong;
  }
}

std::optional<std::string> Connection::tls_exporter() const {
  if (tls_ == nullptr || SSL_version(tls_) < TLS1_3_VERSION || SSL_is_init_finished(tls_) != 1) return std::nullopt;
  constexpr std::string_view label = "EXPORTER-Channel-Binding";  // RFC 9266 §2
  std::string binding(32, '\0');
  const int made = SSL_export_keying_material(tls_, reinterpret_cast<unsigned char*>(binding.data()), binding.size(),
                                              label.data(), label.size(), nullptr, 0, 1);
  if (made != 1) return std::nullopt;
  return binding;
}

// --- ending ---

Task<void> Connection::drop_input(Deadline deadline) {
  auto scrap = loop_.buffers().borrow();
  std::size_t dropped = 0;
  while (socket_ && dropped < drop_limit_octets) {
    const auto n = ::recv(socket_.get(), scrap.get(), BufferPool::buffer_octets, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) break;
    if (n > 0) {
      dropped += static_cast<std::size_t>(n);
      continue;
    }
    const Wake outcome = co_await loop_.readable(socket_.get(), deadline);
    if (outcome != Wake::Ready) break;
  }
  loop_.buffers().give_back(std::move(scrap));
}

Task<void> Connection::close(Deadline deadline) {
  if (!socket_) co_return;
  release_buffer();
  if (tls_ != nullptr && !tls_failed_ && SSL_is_init_finished(tls_) == 1) {
    ERR_clear_error();
    SSL_shutdown(tls_);
    ERR_clear_error();
  }
  ::shutdown(socket_.get(), SHUT_WR);
  auto dropping = drop_input(deadline);
  co_await std::move(dropping);
  abort();
}

}  // namespace hikyaku::io
