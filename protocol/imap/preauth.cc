#include "protocol/imap/preauth.h"

#include <algorithm>

#include "base/base64.h"
#include "base/check.h"
#include "protocol/imap/grammar.h"
#include "protocol/imap/id_command.h"
#include "protocol/imap/print.h"

namespace hikyaku::imap {
namespace {

// Before the login a command is short; a response of SASL is bounded by sasl::most_response_octets in base64.
constexpr FramingLimits limits{.command_octets = 16 << 10, .literal_octets = 4 << 10};
constexpr std::size_t response_octets = 12'288;

bool is_plus(sasl::Mechanism mechanism) { return mechanism == sasl::Mechanism::ScramSha256Plus; }

}  // namespace

Preauth::Preauth(const PreauthSettings& settings, Transport transport, OffersTls offers_tls)
    : settings_(settings), transport_(transport), offers_tls_(offers_tls), framer_(limits) {
  out_ = "* OK [CAPABILITY " + capabilities() + "] " + settings_.product + " ready\r\n";
}

bool Preauth::offers(sasl::Mechanism mechanism) const {
  if (std::ranges::find(settings_.mechanisms, mechanism) == settings_.mechanisms.end()) return false;
  if (is_plus(mechanism)) return transport_ == Transport::Tls;
  return !sasl::shows_password(mechanism) || passwords_allowed();
}

std::string Preauth::capabilities() const {
  std::string text = "IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ID ENABLE";
  if (offers_tls_ == OffersTls::Yes && transport_ != Transport::Tls) text += " STARTTLS";
  if (!passwords_allowed()) text += " LOGINDISABLED";
  for (const auto mechanism : settings_.mechanisms) {
    if (offers(mechanism)) text += " AUTH=", text += sasl::mechanism_name(mechanism);
  }
  return text;
}

PreauthStep Preauth::next() {
  for (;;) {
    if (!out_.empty() && (step_ || state_ == State::Closing)) return Send{std::exchange(out_, {})};
    if (step_) return *std::exchange(step_, std::nullopt);
    switch (state_) {
      case State::Closing: return Close{};
      case State::Commands: {
        const auto found = framer_.next();
        if (found == Framed::NeedMore) {
          if (!out_.empty()) return Send{std::exchange(out_, {})};
          return NeedInput{};
        }
        if (found == Framed::Command) {
          command(framer_.take_command());
        } else if (found == Framed::Announced && framer_.literal_fits()) {
          if (framer_.literal().synchronizing) out_ += "+ Go on\r\n";
          framer_.gather_literal();
        } else if (found == Framed::Announced) {
          const bool waits = framer_.literal().synchronizing;
          framer_.refuse_literal();
          if (waits) refuse_unread("That literal is too large before the login");
        } else {
          refuse_unread("That command is too long before the login");
        }
        break;
      }
      case State::Responses: {
        const auto before = out_.size();
        response_line();
        if (waiting_response_ && state_ == State::Responses && out_.size() == before && !step_) {
          if (!out_.empty()) return Send{std::exchange(out_, {})};
          return NeedInput{};
        }
        break;
      }
      case State::AwaitingAnswer:
      case State::AwaitingTls:
      case State::HandedOver: check(false, "a step is answered before the next one"); break;
    }
  }
}

void Preauth::reply(std::string_view status, std::string_view code, std::string_view text) {
  out_ += tag_;
  out_ += ' ';
  out_ += status;
  out_ += ' ';
  if (!code.empty()) out_ += '[', out_ += code, out_ += "] ";
  print_text(out_, text);
  out_ += "\r\n";
  if (status == "OK") return;
  if (++errors_ >= settings_.errors_limit) {
    out_ += "* BYE Too many errors\r\n";
    state_ = State::Closing;
  }
}

void Preauth::bad(std::string_view text) { reply("BAD", {}, text); }

bool Preauth::take_tag(Cursor& in) {
  auto tag = parse_tag(in);
  const bool tagged = tag && (in.at_end() || in.peek() == ' ');
  tag_ = tagged ? *std::move(tag) : "*";
  return tagged;
}

void Preauth::refuse_unread(std::string_view why) {
  Cursor in(framer_.text());
  take_tag(in);
  bad(why);
}

void Preauth::command(std::string text) {
  Cursor in(text);
  if (!take_tag(in) || !in.take(' ')) return bad("Expected a tag, a space and a command");
  const auto name = ascii_upper(in.take_while(is_atom_char));
  if (name == "AUTHENTICATE") return authenticate(in);
  if (name == "LOGIN") return login(in);
  if (name == "STARTTLS") return start_tls(in);
  if (name == "ID") {
    if (!parse_id_arguments(in)) return bad("Expected NIL or a list of fields and values");
    print_id_response(out_, settings_.product, settings_.version);
    return reply("OK", {}, "Done");
  }
  const bool known = name == "CAPABILITY" || name == "NOOP" || name == "LOGOUT";
  if (!known) return bad(is_session_command(name) ? "Log in first" : "There is no such command");
  if (!parse_end(in)) return bad("Expected the end of the command");
  if (name == "CAPABILITY") out_ += "* CAPABILITY " + capabilities() + "\r\n";
  if (name == "LOGOUT") out_ += "* BYE See you\r\n";
  reply("OK", {}, "Done");
  if (name == "LOGOUT") state_ = State::Closing;
}

// starttls = "STARTTLS"       RFC 9051 §6.2.1. What was sent after it in the clear could be anybody's: refused.
void Preauth::start_tls(Cursor in) {
  if (!parse_end(in)) return bad("Expected the end of the command");
  if (transport_ == Transport::Tls || offers_tls_ == OffersTls::No) return bad("STARTTLS is not offered now");
  if (framer_.has_rest()) {
    out_ += "* BYE Text came after STARTTLS and before the handshake\r\n";
    state_ = State::Closing;
    return;
  }
  reply("OK", {}, "Begin the handshake");
  state_ = State::AwaitingTls;
  step_ = StartTls{};
}

void Preauth::tls_started() {
  check(state_ == State::AwaitingTls, "the handshake was asked for");
  transport_ = Transport::Tls;
  framer_ = Framer(limits);
  state_ = State::Commands;
}

// authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)       RFC 9051 §6.2.2
void Preauth::authenticate(Cursor in) {
  if (!in.take(' ')) return bad("Expected a mechanism");
  const auto name = in.take_while(is_atom_char);
  const auto mechanism = sasl::mechanism_named(name);
  if (!mechanism || !offers(*mechanism)) {
    const bool hidden = mechanism && sasl::shows_password(*mechanism) && !passwords_allowed();
    if (hidden) return reply("NO", "PRIVACYREQUIRED", "Start TLS before you send a password");
    return reply("NO", {}, "That mechanism is not offered");
  }
  if (in.at_end()) return start_exchange(*mechanism, std::nullopt);
  if (!in.take(' ')) return bad("Expected an initial response");
  // initial-resp = base64 / "="
  if (in.rest() == "=") return start_exchange(*mechanism, std::string());
  auto octets = base64_decode(in.rest());
  if (!octets || octets->empty()) return bad("The initial response is not base64");
  start_exchange(*mechanism, std::move(octets));
}

void Preauth::start_exchange(sasl::Mechanism mechanism, std::optional<std::string> initial_response) {
  said_login_ = false;
  state_ = State::AwaitingAnswer;
  step_ = SaslStart{mechanism, std::move(initial_response)};
}

// login = "LOGIN" SP userid SP password       RFC 9051 §6.2.3
void Preauth::login(Cursor in) {
  const auto parsed = [&]() -> Parsed<std::pair<std::string, std::string>> {
    TRY_VOID(parse_space(in));
    TRY(user, parse_astring(in));
    TRY_VOID(parse_space(in));
    TRY(password, parse_astring(in));
    TRY_VOID(parse_end(in));
    return std::pair(std::move(user), std::move(password));
  };
  const auto names = parsed();
  if (!names) return bad("Expected a user name and a password");
  if (!passwords_allowed()) return reply("NO", "PRIVACYREQUIRED", "Start TLS before you send a password");
  const auto& [user, password] = *names;
  if (user.contains('\0') || password.contains('\0')) return bad("Expected text without NUL");
  std::string message;
  message += '\0';
  message += user;
  message += '\0';
  message += password;
  start_exchange(sasl::Mechanism::Plain, std::move(message));
  said_login_ = true;
}

void Preauth::response_line() {
  std::string line;
  waiting_response_ = false;
  switch (framer_.next_line(line, response_octets)) {
    case LineFound::NeedMore: waiting_response_ = true; return;
    case LineFound::Whole: return respond(line);
    case LineFound::TooLong: return respond("*too long");
  }
}

void Preauth::respond(std::string_view base64) {
  const auto octets = base64_decode(base64);
  if (octets) {
    state_ = State::AwaitingAnswer;
    step_ = SaslRespond{*octets};
    return;
  }
  state_ = State::Commands;
  bad(base64 == "*" ? "AUTHENTICATE was cancelled" : "The response is not base64");
  step_ = SaslAbort{};
}

void Preauth::sasl_answered(SaslAnswer answer) {
  check(state_ == State::AwaitingAnswer, "an exchange is under way");
  if (const auto* challenge = std::get_if<SaslChallenge>(&answer)) {
    out_ += "+ " + base64_encode(challenge->octets) + "\r\n";
    state_ = State::Responses;
    return;
  }
  if (std::holds_alternative<SaslAccepted>(answer)) {
    state_ = State::HandedOver;
    step_ = HandOver{{tag_, framer_.take_rest()}};
    return;
  }
  state_ = State::HandedOver;
  login_refused(std::get<LoginFailure>(answer));
}

void Preauth::login_refused(LoginFailure why) {
  check(state_ == State::HandedOver, "a login is under way");
  state_ = State::Commands;
  // An empty name or password, or a very long one, is no fault of LOGIN's syntax.
  if (why == LoginFailure::Malformed && said_login_) why = LoginFailure::WrongCredentials;
  switch (why) {
    case LoginFailure::WrongCredentials: return reply("NO", "AUTHENTICATIONFAILED", "User name or password is wrong");
    case LoginFailure::Malformed: return bad("That is not what the mechanism says");
    case LoginFailure::NotAllowed: return reply("NO", "AUTHORIZATIONFAILED", "That account may not log in here");
    case LoginFailure::TooMany: return reply("NO", "LIMIT", "Too many connections or failed logins; wait a little");
    case LoginFailure::Unavailable: return reply("NO", "UNAVAILABLE", "Login is not possible just now; try again");
  }
}

void Preauth::say_goodbye(std::string_view text) {
  out_ += "* BYE ";
  print_text(out_, text);
  out_ += "\r\n";
  step_.reset();
  state_ = State::Closing;
}

}  // namespace hikyaku::imap
