// Preauth: the POP3 conversation before the login (RFC 1939 §4, the AUTHORIZATION state), with CAPA (RFC 2449), STLS
// (RFC 2595 §4), AUTH (RFC 5034), response codes (RFC 2449 §8, RFC 3206) and UTF8 (RFC 6856). It runs in the front, which
// has TLS and no mail; after HandOver the stream goes on in a Session of the store process. Pure:
//
//   for (;;) step = preauth.next():
//     NeedInput                         -> read, preauth.receive(octets)
//     Send                              -> write
//     StartTls                          -> handshake, preauth.tls_started(offer); hang up if it fails
//     SaslStart, SaslRespond, SaslAbort -> the auth service; sasl_answered() (an abort has no answer)
//     HandOver                          -> to the store, which says +OK; or login_refused() when it cannot
//     Close                             -> hang up
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/pop3/line_reader.h"
#include "protocol/pop3/steps.h"
#include "protocol/sasl/mechanism.h"

namespace hikyaku::pop3 {

struct PreauthLimits {
  // A command may have 255 octets (RFC 2449 §4); AUTH with an initial response and the responses are longer (RFC 5034 §4).
  std::size_t line_octets = 12'288;
  std::uint16_t errors = 10;  // -ERR answers; the next one ends the connection
};

enum class Passwords : std::uint8_t { Refused, Allowed };  // whether USER and PASS may be sent over this transport
enum class Stls : std::uint8_t { NotOffered, Offered };

struct Offer {
  Passwords passwords = Passwords::Refused;
  Stls stls = Stls::NotOffered;
  std::vector<sasl::Mechanism> mechanisms;
};

struct StartTls {};
// Out of base64. USER and PASS are a PLAIN exchange.
struct SaslStart { sasl::Mechanism mechanism; std::optional<std::string> initial_response; };
struct SaslRespond { std::string octets; };
struct SaslAbort {};
enum class Utf8 : std::uint8_t { Off, On };
// `received`: octets that came after the command that logged in (PIPELINING).
struct HandOver { std::string received; Utf8 utf8 = Utf8::Off; };
using PreauthStep = std::variant<NeedInput, Send, StartTls, SaslStart, SaslRespond, SaslAbort, HandOver, Close>;

struct SaslChallenge { std::string octets; };
struct SaslAccepted {};
enum class LoginFailure : std::uint8_t { WrongCredentials, Malformed, NotAllowed, TooMany, Unavailable };
using SaslAnswer = std::variant<SaslChallenge, SaslAccepted, LoginFailure>;

enum class Goodbye : std::uint8_t { TimedOut, Stopping, Unavailable };

class Preauth {
 public:
  // Begins with the greeting.
  Preauth(Offer offer, std::string hostname, PreauthLimits limits = {});

  [[nodiscard]] PreauthStep next();
  void receive(std::string_view octets) { lines_.receive(octets); }
  void tls_started(Offer offer);
  void sasl_answered(SaslAnswer answer);
  void login_refused(LoginFailure why);
  void say_goodbye(Goodbye why);

 private:
  enum class State : std::uint8_t { Commands, Response, AwaitingAnswer, AwaitingTls, HandedOver, Closing };

  void command(std::string_view line);
  void capabilities();
  void start_tls(std::string_view argument);
  void user(std::string_view name);
  void pass(std::string_view password);
  void authenticate(std::string_view argument);
  void list_mechanisms();
  void response(std::string_view line);
  void begin_exchange(sasl::Mechanism mechanism, std::optional<std::string> initial_response);
  void ok(std::string_view text);
  void refuse(std::string_view text);
  void refuse_login(LoginFailure why);
  void close();
  [[nodiscard]] bool offers(sasl::Mechanism mechanism) const;

  Offer offer_;
  PreauthLimits limits_;
  LineReader lines_;
  State state_ = State::Commands;
  std::string out_;
  std::optional<PreauthStep> step_;  // handed out after the output
  std::string user_;
  bool user_given_ = false;
  Utf8 utf8_ = Utf8::Off;
  bool under_tls_ = false;
  std::uint16_t errors_ = 0;
};

}  // namespace hikyaku::pop3
