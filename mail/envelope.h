// Envelope: who a message is from and for, apart from its text (RFC 5321 §2.3.1), with what RFC 3461 (DSN) and our own
// acceptance add. It travels with the message through every journal; encode() and decode() are its durable form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mail/address.h"
#include "mail/trace_id.h"

namespace hikyaku {

// RFC 3461 §4.1. Nothing set means "not given": failures are reported.
struct Notify {
  bool never = false, success = false, failure = false, delay = false;
  friend bool operator==(const Notify&, const Notify&) = default;
};

struct Recipient {
  Address address;                  // where it goes now
  std::string original_recipient;   // ORCPT as given ("rfc822;a@b", xtext decoded), empty: not given
  Notify notify;
  bool aliases_done = false;        // an alias led here; it is not looked up among the aliases again
  bool forwards_done = false;       // its account's forward was followed already: this is the mailbox's own copy
  friend bool operator==(const Recipient&, const Recipient&) = default;
};

enum class BodyType : std::uint8_t { SevenBit, EightBitMime, BinaryMime };  // RFC 6152, RFC 3030
enum class ReturnContent : std::uint8_t { NotGiven, Full, Headers };        // RFC 3461 §4.3

// What the sender asked about TLS on the way (RFC 8689): REQUIRETLS, or the header field "TLS-Required: No".
enum class TlsWish : std::uint8_t {
  None,
  Require,  // verified TLS to every host on the way, each of which says that it goes on so
  Waive,    // rather arrive than be protected: what recipients publish about TLS does not keep it back
};

// RFC 4865: the message is not tried before then.
struct FutureRelease {
  WallTime at{};
  std::uint32_t asked_for = 0;  // HOLDFOR's seconds; 0: HOLDUNTIL named the time
  friend bool operator==(const FutureRelease&, const FutureRelease&) = default;
};

// RFC 2852: what is not delivered by then is returned, or its sender is told and it goes on being tried.
enum class ByMode : std::uint8_t { Notify, Return };
struct DeliverBy {
  WallTime deadline{};
  ByMode mode = ByMode::Notify;
  bool trace = false;  // whoever passes it on tells the sender
  friend bool operator==(const DeliverBy&, const DeliverBy&) = default;
};

struct Envelope {
  TraceId id;
  ReversePath reverse_path;
  std::vector<Recipient> recipients;
  std::string envelope_id;  // ENVID, xtext decoded
  ReturnContent return_content = ReturnContent::NotGiven;
  BodyType body_type = BodyType::SevenBit;
  bool smtputf8 = false;        // RFC 6531: needs a next hop that offers SMTPUTF8
  TlsWish tls_wish = TlsWish::None;
  std::int8_t priority = 0;     // RFC 6710: -9 to 9, the most urgent
  std::optional<FutureRelease> release;
  std::optional<DeliverBy> deliver_by;
  WallTime accepted_at{};
  std::string client_address;   // "192.0.2.7" or "2001:db8::7"; empty for mail we generate
  std::string client_helo;
  std::string account;          // who authenticated, empty: nobody
  std::uint64_t body_octets = 0;  // of the message as stored, our Received line included

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<Envelope> decode(std::string_view bytes);
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

}  // namespace hikyaku
