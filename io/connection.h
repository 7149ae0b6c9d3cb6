// Connection: one stream socket (TCP or Unix) of one loop, plain or under TLS, read and written by coroutines.
// An idle one holds no buffer: read() borrows one from the loop's pool when there is something to read.
// One coroutine may read while another writes; two may not read, nor write, at once.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "io/buffer_pool.h"
#include "io/descriptor.h"
#include "io/dns_rdata.h"
#include "io/io_error.h"
#include "io/loop.h"
#include "io/socket_address.h"
#include "io/tls_context.h"

namespace hikyaku::io {

// What checking the peer's certificate led to.
enum class TlsVerdict : std::uint8_t {
  NotChecked,   // nobody asked, or no certificate came
  Good,
  WrongName,    // the certificate is for others
  Expired,      // or not valid yet
  Untrusted,    // no chain leads to an authority
  NoTlsaMatch,  // no TLSA record fits (PeerCheck::Dane)
  Wrong,        // anything else
};

struct TlsDetails {
  std::string version;      // "TLSv1.3"
  std::string cipher;       // "TLS_AES_256_GCM_SHA384"
  std::string server_name;  // what the client asked for (SNI); empty when it did not
  bool peer_verified = false;
};

class Connection {
 public:
  // Takes over a connected socket and makes it non-blocking. `peer` is kept, since the system forgets it after a reset.
  Connection(Loop& loop, Descriptor socket, SocketAddress peer);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  // Closes at once; unsent data may be lost. No coroutine may be reading or writing.
  ~Connection();

  // The next octets, at least one; valid until the next read(), release_buffer() or the end of this connection.
  // Errors: Closed at the peer's orderly end, TimedOut, Reset, Cancelled, Interrupted, Tls. After TimedOut and
  // Interrupted the stream is intact and can be read on.
  Task<IoResult<std::string_view>> read(Deadline deadline);
  // Gives the read buffer back before a long wait that is not a read().
  void release_buffer();
  // Writes all octets, or fails; after a failure the stream is of no further use. `octets` must live until the end.
  Task<IoResult<>> write(std::string_view octets, Deadline deadline);

  // Ends the current read() or handshake, or the next read(), with Interrupted. From the loop's thread.
  void interrupt();

  // Puts TLS on the stream, which stays this object. `unread` is what the caller has read and not consumed: octets
  // sent in plain before the handshake must not be taken for protected ones (RFC 3207 §4.2), so anything but empty is
  // refused with a Tls failure. A failed handshake leaves the stream unusable.
  Task<IoResult<>> start_tls_server(std::shared_ptr<const TlsServerContext> context, std::string_view unread,
                                    Deadline deadline);
  // As the client. `peer_name` is sent as SNI (unless empty or an address) and compared under PeerCheck::Name.
  Task<IoResult<>> start_tls_client(std::shared_ptr<const TlsClientContext> context, std::string peer_name,
                                    PeerCheck check, std::string_view unread, Deadline deadline);
  // As the client, verified by TLSA records proved by DNSSEC (RFC 7672 §3): usage 3 is the peer's own key whatever its
  // names and dates, usage 2 an authority for `peer_name` or `domain`. Other usages are not for mail and count as not
  // there; when none is left the stream is encrypted and nobody verified (§2.2).
  Task<IoResult<>> start_tls_client(std::shared_ptr<const TlsClientContext> context, std::string peer_name, std::string domain,
                                    std::vector<TlsaRecord> records, Deadline deadline);
  [[nodiscard]] bool under_tls() const { return tls_ != nullptr; }
  // Nothing without TLS.
  [[nodiscard]] std::optional<TlsDetails> tls_details() const;
  // Known after a failed handshake too, until the connection is closed.
  [[nodiscard]] TlsVerdict tls_verdict() const;
  // Channel binding of type tls-exporter (RFC 9266): 32 octets, the same at both ends. TLS 1.3 only.
  [[nodiscard]] std::optional<std::string> tls_exporter() const;

  // Ends the stream in good order: TLS close_notify, end of our direction, then reads and drops what the peer still
  // sends, so that our last words are not destroyed by a reset; at most until `deadline` or 1 MiB.
  Task<void> close(Deadline deadline);
  // Closes at once.
  void abort();
  [[nodiscard]] bool open() const { return static_cast<bool>(socket_); }

  // Gives the plain socket away, to be passed to another process. Not under TLS.
  [[nodiscard]] Descriptor release();

  [[nodiscard]] const SocketAddress& peer() const { return peer_; }
  [[nodiscard]] SocketAddress local() const;
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  [[nodiscard]] Loop& loop() const { return loop_; }
  [[nodiscard]] std::uint64_t octets_read() const { return octets_read_; }
  [[nodiscard]] std::uint64_t octets_written() const { return octets_written_; }

 private:
  // What one attempt at the socket or the TLS session led to.
  enum class Step : std::uint8_t { Done, WantRead, WantWrite, Failed };
  struct Attempt {
    Step step;
    std::size_t octets = 0;
    IoError error{};
  };

  Attempt try_read();
  Attempt try_write(std::string_view octets);
  Attempt try_read_tls();
  Attempt try_write_tls(std::string_view octets);
  Attempt tls_attempt(const char* call, int result);
  Task<IoResult<>> handshake(Deadline deadline);
  IoResult<> begin_tls(SSL_CTX* context, std::string_view unread);
  IoResult<> begin_tls_dane(SSL_CTX* context, const std::string& name, const std::string& domain, const std::vector<TlsaRecord>& records);
  IoResult<> begin_tls_client(SSL_CTX* context, const std::string& name, PeerCheck check, std::string_view unread);
  Task<void> drop_input(Deadline deadline);

  Loop& loop_;
  Descriptor socket_;
  SSL* tls_ = nullptr;
  BufferPool::Buffer buffer_;
  Wait* reading_ = nullptr;  // the wait of the current read()
  bool interrupted_ = false;
  bool maybe_more_ = false;  // the last read filled the buffer: try before waiting
  bool checks_peer_ = false;
  bool tls_failed_ = false;  // no close_notify after a fatal TLS error
  std::uint64_t octets_read_ = 0;
  std::uint64_t octets_written_ = 0;
  SocketAddress peer_;
};

}  // namespace hikyaku::io
