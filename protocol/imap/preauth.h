// Preauth: the IMAP conversation before the login (RFC 9051 §3.1: not authenticated). It runs in the front process, which
// has TLS and no mail; when it ends with HandOver the plain stream goes on in a Session of the store process. Pure:
//
//   for (;;) step = preauth.next():
//     NeedInput    -> read, preauth.receive(octets)
//     Send         -> write
//     StartTls     -> flush, do the handshake, preauth.tls_started(); hang up if it fails
//     SaslStart, SaslRespond, SaslAbort -> the auth service; answer with sasl_answered() (an abort has no answer)
//     HandOver     -> to the store, with the account the last SaslAccepted named; or login_refused() when it cannot
//     Close        -> write what is left, hang up
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/imap/framing.h"
#include "protocol/imap/session.h"
#include "protocol/sasl/mechanism.h"

namespace hikyaku::imap {

struct PreauthSettings {
  std::string product = "Hikyaku", version;
  // What AUTHENTICATE offers; SCRAM only where every account in scope has keys. -PLUS is offered under TLS alone.
  std::vector<sasl::Mechanism> mechanisms = {sasl::Mechanism::Plain, sasl::Mechanism::Login};
  std::uint16_t errors_limit = 10;          // BAD and NO before the connection is closed
};

enum class Transport : std::uint8_t {
  Plain,          // passwords are refused: LOGINDISABLED
  PlainTrusted,   // a listed network (loopback of the demo, old devices): passwords may be sent as they are
  Tls,
};
enum class OffersTls : std::uint8_t { No, Yes };

struct StartTls {};
// The names of mechanisms and responses are out of base64. LOGIN (the command) is a PLAIN exchange.
struct SaslStart { sasl::Mechanism mechanism; std::optional<std::string> initial_response; };
struct SaslRespond { std::string octets; };
struct SaslAbort {};
struct HandOver { LoginDone login; };
using PreauthStep = std::variant<NeedInput, Send, StartTls, SaslStart, SaslRespond, SaslAbort, HandOver, Close>;

struct SaslChallenge { std::string octets; };
struct SaslAccepted {};
enum class LoginFailure : std::uint8_t {
  WrongCredentials,  // [AUTHENTICATIONFAILED], RFC 5530
  Malformed,         // BAD
  NotAllowed,        // [AUTHORIZATIONFAILED]: right password, may not do this here
  TooMany,           // [LIMIT]
  Unavailable,       // [UNAVAILABLE]: our own trouble
};
using SaslAnswer = std::variant<SaslChallenge, SaslAccepted, LoginFailure>;

class Preauth {
 public:
  // `settings` must outlive it.
  Preauth(const PreauthSettings& settings, Transport transport, OffersTls offers_tls);

  [[nodiscard]] PreauthStep next();
  void receive(std::string_view octets) { framer_.receive(octets); }
  void tls_started();
  void sasl_answered(SaslAnswer answer);
  // After HandOver: the store did not take it.
  void login_refused(LoginFailure why);
  void say_goodbye(std::string_view text);

  [[nodiscard]] std::string capabilities() const;

 private:
  enum class State : std::uint8_t { Commands, Responses, AwaitingAnswer, AwaitingTls, HandedOver, Closing };

  // Whether what is replied to has a tag; without one "*" stands for it.
  bool take_tag(Cursor& in);
  void refuse_unread(std::string_view why);  // a command of which only the beginning was kept
  void command(std::string text);
  void authenticate(Cursor in);
  void login(Cursor in);
  void start_tls(Cursor in);
  void response_line();
  void respond(std::string_view base64);
  void start_exchange(sasl::Mechanism mechanism, std::optional<std::string> initial_response);
  void reply(std::string_view status, std::string_view code, std::string_view text);
  void bad(std::string_view text);
  [[nodiscard]] bool offers(sasl::Mechanism mechanism) const;
  [[nodiscard]] bool passwords_allowed() const { return transport_ != Transport::Plain; }

  const PreauthSettings& settings_;
  Transport transport_;
  OffersTls offers_tls_;
  Framer framer_;
  State state_ = State::Commands;
  std::string tag_, out_;
  std::optional<PreauthStep> step_;  // to be handed out after the output
  std::uint16_t errors_ = 0;
  bool waiting_response_ = false;
  bool said_login_ = false;  // LOGIN, not AUTHENTICATE
};

}  // namespace hikyaku::imap
