// The trace line we put in front of every message (RFC 5321 §4.4), and the count of those it already bears.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "mail/trace_id.h"
#include "protocol/smtp/limits.h"

namespace hikyaku::smtp {

// What a session is, as the "with" of the trace line names it.
struct SessionKind {
  Role role = Role::Relay;
  bool extended = false;       // EHLO or LHLO, not HELO
  bool encrypted = false;
  bool authenticated = false;
  bool smtputf8 = false;       // of this message
};

// "ESMTPSA" and its kin (RFC 3848), "UTF8SMTPSA" (RFC 6531 §4.3).
[[nodiscard]] std::string protocol_keyword(const SessionKind& kind);

struct ReceivedFacts {
  SessionKind kind;
  std::string_view helo;            // as the client gave it
  std::string_view client_address;  // "192.0.2.7", "2001:db8::7", or empty: a local socket
  std::string_view our_name;
  std::string_view tls;             // "TLSv1.3 TLS_AES_256_GCM_SHA384", or empty
  TraceId id;
  std::string_view recipient;       // with one recipient only (RFC 5321 §7.2: no blind copies in trace lines)
  WallTime when;
  int priority = 0;                 // RFC 6710 §4.1
};

// The whole folded field with its last CRLF. Nothing a client sent can break out of it.
[[nodiscard]] std::string received_field(const ReceivedFacts& facts);
// "Sun, 22 Nov 2026 05:46:22 +0000" (RFC 5322 §3.3), in UTC.
[[nodiscard]] std::string message_date(WallTime when);

// Counts "Received:" fields of a message given in pieces, and looks for "TLS-Required: No" (RFC 8689 §3); stops at the empty
// line after the header.
class HopCounter {
 public:
  void feed(std::string_view text);
  [[nodiscard]] std::size_t hops() const { return hops_; }
  // The one field of the name says "No".
  [[nodiscard]] bool tls_waived() const { return waivers_ == 1 && other_wishes_ == 0; }

 private:
  void end_of_line();
  std::size_t hops_ = 0;
  std::size_t waivers_ = 0, other_wishes_ = 0;  // TLS-Required fields: of "No", and of anything else
  char line_[40] = {};          // the beginning of the current line
  std::size_t line_octets_ = 0;
  bool in_header_ = true;
};

}  // namespace hikyaku::smtp
