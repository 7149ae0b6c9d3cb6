// What a front process (imap-front, pop3-front) asks of a protocol's conversation before the login. Each protocol has a
// pure engine of its own; its front adapts it to these steps. Driven by front.cc:
//
//   for (;;) step = talk.next():
//     NeedInput                -> read, talk.receive(octets)
//     Send                     -> write
//     StartTls                 -> handshake (given only when no input is left over), talk.tls_started(offer)
//     SaslStart, SaslRespond   -> ask auth, talk.sasl_answered(answer);  SaslAbort -> forget the exchange, no answer
//     HandOver                 -> to the store process; talk.login_refused() when that fails, else the end of the talk
//     Close                    -> hang up
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/sasl/mechanism.h"

namespace hikyaku::apps::front {

struct NeedInput {};
struct Send { std::string octets; };
struct StartTls {};
// Out of base64. A protocol's plain login command (LOGIN, USER and PASS) is a PLAIN exchange.
struct SaslStart { sasl::Mechanism mechanism; std::optional<std::string> initial_response; };
struct SaslRespond { std::string octets; };
struct SaslAbort {};
// `opening`: what the store's session must know, the protocol's own encoding (IMAP: tag and octets read already).
struct HandOver { std::string opening; };
struct Close {};
using Step = std::variant<NeedInput, Send, StartTls, SaslStart, SaslRespond, SaslAbort, HandOver, Close>;

struct SaslChallenge { std::string octets; };
struct SaslAccepted {};
enum class LoginFailure : std::uint8_t {
  WrongCredentials,
  Malformed,
  NotAllowed,   // not here: the mechanism wants TLS, or is not offered
  TooMany,      // sessions
  Unavailable,  // our own trouble: try again
};
using SaslAnswer = std::variant<SaslChallenge, SaslAccepted, LoginFailure>;

enum class Transport : std::uint8_t {
  Plain,         // passwords may not be sent
  PlainTrusted,  // a listed network: they may, all the same
  Tls,
};
enum class OffersTls : std::uint8_t { No, Yes };

// What this client may be offered, by its address and its transport.
struct Offer {
  Transport transport = Transport::Plain;
  OffersTls starttls = OffersTls::No;
  std::vector<sasl::Mechanism> mechanisms;  // strongest first
};

enum class Goodbye : std::uint8_t { TimedOut, Stopping, Unavailable };

class Conversation {
 public:
  virtual ~Conversation() = default;
  [[nodiscard]] virtual Step next() = 0;
  virtual void receive(std::string_view octets) = 0;
  virtual void tls_started(const Offer& offer) = 0;
  virtual void sasl_answered(SaslAnswer answer) = 0;
  virtual void login_refused(LoginFailure why) = 0;
  // Ends with the protocol's words for it: a Send and a Close follow.
  virtual void say_goodbye(Goodbye why) = 0;
};

}  // namespace hikyaku::apps::front
