#include "protocol/pop3/preauth.h"

#include "base/base64.h"
#include "base/check.h"
#include "base/cursor.h"
#include "protocol/pop3/lang.h"

namespace hikyaku::pop3 {
namespace {
struct Command {
  std::string_view verb, argument;
};

// command = keyword *(SP argument); the argument of PASS may hold spaces (RFC 1939 §7).
Command split(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return {line, {}};
  return {line.substr(0, space), line.substr(space + 1)};
}
}  // namespace

Preauth::Preauth(Offer offer, std::string hostname, PreauthLimits limits)
    : offer_(std::move(offer)), limits_(limits), lines_(limits.line_octets), out_("+OK " + std::move(hostname) + " POP3 ready\r\n") {}

PreauthStep Preauth::next() {
  for (;;) {
    if (step_ && out_.empty()) return *std::exchange(step_, std::nullopt);
    const bool reads = !step_ && (state_ == State::Commands || state_ == State::Response);
    if (!reads) {
      if (!out_.empty()) return Send{std::exchange(out_, {})};
      check(state_ == State::Closing, "next() waits for an answer that was not given");
      return Close{};
    }
    auto line = lines_.next();
    if (std::holds_alternative<NoLine>(line)) {
      if (!out_.empty()) return Send{std::exchange(out_, {})};
      return NeedInput{};
    }
    if (const auto* text = std::get_if<Line>(&line)) {
      if (state_ == State::Response) response(text->text);
      else command(text->text);
    } else {
      if (state_ == State::Response) state_ = State::Commands, step_ = SaslAbort{};
      refuse("Line too long");
    }
  }
}

void Preauth::command(std::string_view line) {
  const auto [verb, argument] = split(line);
  const auto is = [&](std::string_view name) { return equal_ignoring_case(verb, name); };
  if (is("CAPA")) capabilities();
  else if (is("USER")) user(argument);
  else if (is("PASS")) pass(argument);
  else if (is("AUTH")) authenticate(argument);
  else if (is("STLS")) start_tls(argument);
  else if (is("UTF8")) utf8_ = Utf8::On, ok("UTF8 enabled");
  else if (is("LANG")) out_ += lang_response(argument);
  else if (is("QUIT")) ok("Bye"), close();
  else if (is("APOP")) refuse("APOP is not offered: use AUTH");
  else refuse("Log in first");
}

// RFC 2449 §5, §6; RFC 5034 §6; RFC 6856 §2.
void Preauth::capabilities() {
  ok("Capabilities follow");
  if (offer_.stls == Stls::Offered) out_ += "STLS\r\n";
  if (offer_.passwords == Passwords::Allowed) out_ += "USER\r\n";
  std::string names;
  for (const auto mechanism : offer_.mechanisms) names += " " + std::string(sasl::mechanism_name(mechanism));
  if (!names.empty()) out_ += "SASL" + names + "\r\n";
  out_ += "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\nUTF8 USER\r\nLANG\r\nIMPLEMENTATION Hikyaku\r\n.\r\n";
}

void Preauth::start_tls(std::string_view argument) {
  if (!argument.empty()) return refuse("STLS takes no argument");
  if (offer_.stls != Stls::Offered) return refuse(under_tls_ ? "TLS is in use already" : "TLS is not configured here");
  // What came in plain after STLS could be taken for protected commands (RFC 2595 §4, CVE-2011-0411): hang up.
  if (!lines_.empty()) {
    refuse("Commands after STLS");
    return close();
  }
  ok("Begin TLS");
  state_ = State::AwaitingTls;
  step_ = StartTls{};
}

// RFC 2595 §4: what was learnt before the handshake is forgotten.
void Preauth::tls_started(Offer offer) {
  check(state_ == State::AwaitingTls, "TLS was asked for");
  offer_ = std::move(offer);
  offer_.stls = Stls::NotOffered;
  under_tls_ = true;
  user_.clear();
  user_given_ = false;
  utf8_ = Utf8::Off;
  state_ = State::Commands;
}

void Preauth::user(std::string_view name) {
  if (offer_.passwords == Passwords::Refused) return refuse("[AUTH] Passwords are not taken without TLS: use STLS first");
  if (name.empty()) return refuse("USER wants a name");
  if (name.contains('\0')) return refuse("NUL in a name");
  user_ = name;
  user_given_ = true;
  ok("Send PASS");
}

void Preauth::pass(std::string_view password) {
  if (offer_.passwords == Passwords::Refused) return refuse("[AUTH] Passwords are not taken without TLS: use STLS first");
  if (!user_given_) return refuse("Send USER first");
  user_given_ = false;
  if (password.empty() || password.contains('\0')) return refuse("PASS wants a password");
  std::string message(1, '\0');
  message += user_;
  message += '\0';
  message += password;
  begin_exchange(sasl::Mechanism::Plain, std::move(message));
}

// "AUTH" SP mechanism [SP initial-response]; "=" is an empty one.                                  RFC 5034 §4
void Preauth::authenticate(std::string_view argument) {
  if (argument.empty()) return list_mechanisms();
  const auto [name, initial] = split(argument);
  const auto mechanism = sasl::mechanism_named(name);
  if (!mechanism || !offers(*mechanism)) {
    const bool wants_tls = mechanism && sasl::shows_password(*mechanism) && offer_.passwords == Passwords::Refused;
    return refuse(wants_tls ? "[AUTH] Passwords are not taken without TLS: use STLS first" : "That mechanism is not offered");
  }
  if (initial.empty()) return begin_exchange(*mechanism, std::nullopt);
  if (initial == "=") return begin_exchange(*mechanism, "");
  auto octets = base64_decode(initial);
  if (!octets) return refuse("That is not base64");
  begin_exchange(*mechanism, std::move(octets));
}

// AUTH without an argument, as in RFC 1734's time: Outlook asks so.
void Preauth::list_mechanisms() {
  ok("Mechanisms follow");
  for (const auto mechanism : offer_.mechanisms) out_ += std::string(sasl::mechanism_name(mechanism)) + "\r\n";
  out_ += ".\r\n";
}

void Preauth::begin_exchange(sasl::Mechanism mechanism, std::optional<std::string> initial_response) {
  state_ = State::AwaitingAnswer;
  step_ = SaslStart{mechanism, std::move(initial_response)};
}

void Preauth::response(std::string_view line) {
  state_ = State::Commands;
  if (line == "*") {
    step_ = SaslAbort{};
    return refuse("Cancelled");
  }
  auto octets = base64_decode(line);
  if (!octets) {
    step_ = SaslAbort{};
    return refuse("That is not base64");
  }
  state_ = State::AwaitingAnswer;
  step_ = SaslRespond{std::move(*octets)};
}

void Preauth::sasl_answered(SaslAnswer answer) {
  check(state_ == State::AwaitingAnswer, "an answer was asked for");
  if (const auto* challenge = std::get_if<SaslChallenge>(&answer)) {
    out_ += "+ " + base64_encode(challenge->octets) + "\r\n";
    state_ = State::Response;
  } else if (const auto* why = std::get_if<LoginFailure>(&answer)) {
    refuse_login(*why);
  } else {
    state_ = State::HandedOver;
    step_ = HandOver{lines_.take_rest(), utf8_};
  }
}

void Preauth::login_refused(LoginFailure why) {
  check(state_ == State::HandedOver, "a hand-over was asked for");
  refuse_login(why);
  // The octets behind the login went with the hand-over: what they were to be is unknown.
  close();
}

// RFC 3206 §4: AUTH is about the credentials, SYS/TEMP will pass.
void Preauth::refuse_login(LoginFailure why) {
  state_ = State::Commands;
  switch (why) {
    case LoginFailure::WrongCredentials: return refuse("[AUTH] Wrong name or password");
    case LoginFailure::NotAllowed: return refuse("[AUTH] Not allowed here");
    case LoginFailure::Malformed: return refuse("Malformed response");
    case LoginFailure::TooMany: return refuse("[SYS/TEMP] Too many sessions, try again later");
    case LoginFailure::Unavailable: return refuse("[SYS/TEMP] Try again later");
  }
}

void Preauth::say_goodbye(Goodbye why) {
  if (why == Goodbye::Unavailable) out_ += "-ERR [SYS/TEMP] Try again later\r\n";
  else if (why == Goodbye::Stopping) out_ += "-ERR [SYS/TEMP] The server is stopping\r\n";
  // RFC 1939 §3: at a time-out the server closes without a word.
  close();
}

void Preauth::ok(std::string_view text) { out_ += "+OK ", out_ += text, out_ += "\r\n"; }

void Preauth::refuse(std::string_view text) {
  out_ += "-ERR ", out_ += text, out_ += "\r\n";
  if (++errors_ > limits_.errors) close();
}

void Preauth::close() {
  state_ = State::Closing;
  step_.reset();
}

bool Preauth::offers(sasl::Mechanism mechanism) const {
  for (const auto offered : offer_.mechanisms)
    if (offered == mechanism) return true;
  return false;
}

}  // namespace hikyaku::pop3
