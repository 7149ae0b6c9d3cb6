#include <doctest/doctest.h>

#include "protocol/pop3/preauth.h"

using namespace hikyaku;
using namespace hikyaku::pop3;

namespace {
const Offer plain{Passwords::Refused, Stls::Offered, {sasl::Mechanism::ScramSha256}};
const Offer protected_offer{Passwords::Allowed, Stls::NotOffered, {sasl::Mechanism::ScramSha256, sasl::Mechanism::Plain, sasl::Mechanism::Login}};

// Drives the conversation; what it asks of the outside stands in brackets. Every password but "secret" is wrong; SCRAM
// gets one challenge.
std::string talk(Preauth& preauth, std::string_view input, std::size_t piece = 1'000'000) {
  std::string said;
  for (;;) {
    auto step = preauth.next();
    if (auto* send = std::get_if<Send>(&step)) {
      said += send->octets;
    } else if (std::holds_alternative<NeedInput>(step)) {
      if (input.empty()) return said;
      preauth.receive(input.substr(0, piece));
      input.remove_prefix(std::min(piece, input.size()));
    } else if (auto* start = std::get_if<SaslStart>(&step)) {
      auto initial = start->initial_response.value_or("(none)");
      for (char& c : initial) c = c == '\0' ? '|' : c;
      said += "[start " + std::string(sasl::mechanism_name(start->mechanism)) + " " + initial + "]";
      if (start->mechanism != sasl::Mechanism::Plain) preauth.sasl_answered(SaslChallenge{"go on"});
      else if (initial.ends_with("secret")) preauth.sasl_answered(SaslAccepted{});
      else preauth.sasl_answered(LoginFailure::WrongCredentials);
    } else if (auto* respond = std::get_if<SaslRespond>(&step)) {
      said += "[respond " + respond->octets + "]";
      if (respond->octets == "secret") preauth.sasl_answered(SaslAccepted{});
      else preauth.sasl_answered(LoginFailure::Malformed);
    } else if (std::holds_alternative<SaslAbort>(step)) {
      said += "[abort]";
    } else if (std::holds_alternative<StartTls>(step)) {
      said += "[tls]";
      preauth.tls_started(protected_offer);
    } else if (auto* over = std::get_if<HandOver>(&step)) {
      return said + "[over " + over->received + (over->utf8 == Utf8::On ? " utf8]" : "]");
    } else {
      return said + "(closed)";
    }
  }
}

std::string after_greeting(const Offer& offer, std::string_view input, std::size_t piece = 1'000'000, PreauthLimits limits = {}) {
  Preauth preauth(offer, "mail.example", limits);
  const std::string greeting = "+OK mail.example POP3 ready\r\n";
  auto said = talk(preauth, input, piece);
  CHECK(said.starts_with(greeting));
  return said.substr(greeting.size());
}
}  // namespace

TEST_CASE("pop3 login: under TLS") {
  const std::pair<const char*, const char*> rows[] = {
      {"USER a\r\nPASS secret\r\n", "+OK Send PASS\r\n[start PLAIN |a|secret][over ]"},
      {"user a b\r\npass x secret\r\n", "+OK Send PASS\r\n[start PLAIN |a b|x secret][over ]"},
      {"USER a\nPASS secret\n", "+OK Send PASS\r\n[start PLAIN |a|secret][over ]"},
      {"UTF8\r\nUSER a\r\nPASS secret\r\n", "+OK UTF8 enabled\r\n+OK Send PASS\r\n[start PLAIN |a|secret][over  utf8]"},
      {"AUTH PLAIN AGEAc2VjcmV0\r\n", "[start PLAIN |a|secret][over ]"},
      {"AUTH SCRAM-SHA-256\r\nc2VjcmV0\r\n", "[start SCRAM-SHA-256 (none)]+ Z28gb24=\r\n[respond secret][over ]"},
      {"AUTH LOGIN =\r\n*\r\n", "[start LOGIN ]+ Z28gb24=\r\n-ERR Cancelled\r\n[abort]"},
      {"AUTH\r\n", "+OK Mechanisms follow\r\nSCRAM-SHA-256\r\nPLAIN\r\nLOGIN\r\n.\r\n"},
      {"QUIT\r\nUSER a\r\n", "+OK Bye\r\n(closed)"},
      // refused
      {"USER a\r\nPASS wrong\r\nPASS secret\r\n",
       "+OK Send PASS\r\n[start PLAIN |a|wrong]-ERR [AUTH] Wrong name or password\r\n-ERR Send USER first\r\n"},
      {"PASS secret\r\n", "-ERR Send USER first\r\n"},
      {"USER\r\n", "-ERR USER wants a name\r\n"},
      {"USER a\r\nPASS\r\n", "+OK Send PASS\r\n-ERR PASS wants a password\r\n"},
      {"AUTH KERBEROS_V4\r\n", "-ERR That mechanism is not offered\r\n"},
      {"AUTH SCRAM-SHA-256-PLUS\r\n", "-ERR That mechanism is not offered\r\n"},
      {"AUTH PLAIN !!!\r\n", "-ERR That is not base64\r\n"},
      {"AUTH SCRAM-SHA-256\r\n!!!\r\n", "[start SCRAM-SHA-256 (none)]+ Z28gb24=\r\n-ERR That is not base64\r\n[abort]"},
      {"AUTH SCRAM-SHA-256\r\nYQ==\r\n", "[start SCRAM-SHA-256 (none)]+ Z28gb24=\r\n[respond a]-ERR Malformed response\r\n"},
      {"STLS\r\n", "-ERR TLS is not configured here\r\n"},
      {"STAT\r\n", "-ERR Log in first\r\n"},
      {"RETR 1\r\n", "-ERR Log in first\r\n"},
      {"APOP a b\r\n", "-ERR APOP is not offered: use AUTH\r\n"},
      {"\r\n", "-ERR Log in first\r\n"},
  };
  for (const auto& [input, want] : rows) {
    INFO(std::string(input));
    CHECK(after_greeting(protected_offer, input) == want);
    CHECK(after_greeting(protected_offer, input, 1) == want);
  }
}

TEST_CASE("pop3 login: without TLS no password is taken, and STLS forgets what came before") {
  const std::pair<const char*, const char*> rows[] = {
      {"USER a\r\n", "-ERR [AUTH] Passwords are not taken without TLS: use STLS first\r\n"},
      {"PASS a\r\n", "-ERR [AUTH] Passwords are not taken without TLS: use STLS first\r\n"},
      {"AUTH PLAIN AGEAc2VjcmV0\r\n", "-ERR [AUTH] Passwords are not taken without TLS: use STLS first\r\n"},
      {"STLS now\r\n", "-ERR STLS takes no argument\r\n"},
      {"STLS\r\nUSER a\r\n", "-ERR Commands after STLS\r\n(closed)"},
      {"STLS\r\nU", "-ERR Commands after STLS\r\n(closed)"},
  };
  for (const auto& [input, want] : rows) CHECK(after_greeting(plain, input) == want);
  Preauth preauth(plain, "h");
  CHECK(talk(preauth, "UTF8\r\n").ends_with("+OK UTF8 enabled\r\n"));
  CHECK(talk(preauth, "STLS\r\n") == "+OK Begin TLS\r\n[tls]");
  CHECK(talk(preauth, "STLS\r\n") == "-ERR TLS is in use already\r\n");
  CHECK(talk(preauth, "USER a\r\nPASS secret\r\nSTAT\r\n") == "+OK Send PASS\r\n[start PLAIN |a|secret][over STAT\r\n]");
}

TEST_CASE("pop3 login: capabilities") {
  const auto before = after_greeting(plain, "CAPA\r\n");
  CHECK(before.contains("\r\nSTLS\r\n"));
  CHECK(before.contains("\r\nSASL SCRAM-SHA-256\r\n"));
  CHECK(!before.contains("\r\nUSER\r\n"));
  const auto after = after_greeting(protected_offer, "CAPA\r\n");
  CHECK(!after.contains("STLS"));
  for (const char* line : {"USER", "SASL SCRAM-SHA-256 PLAIN LOGIN", "TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING",
                           "EXPIRE NEVER", "UTF8 USER", "LANG", "IMPLEMENTATION Hikyaku", "."})
    CHECK_MESSAGE(after.contains("\r\n" + std::string(line) + "\r\n"), std::string(line));
}

TEST_CASE("pop3 login: limits, and troubles") {
  CHECK(after_greeting(plain, "x\r\nx\r\nx\r\nx\r\n", 1000, {.errors = 2}).ends_with("-ERR Log in first\r\n(closed)"));
  CHECK(after_greeting(plain, std::string(50, 'x') + "\r\nQUIT\r\n", 7, {.line_octets = 40}) == "-ERR Line too long\r\n+OK Bye\r\n(closed)");
  const auto flood = std::string(1'000'000, 'x');
  CHECK(after_greeting(plain, flood, 1000) == "-ERR Line too long\r\n");
  CHECK(after_greeting(protected_offer, "AUTH LOGIN\r\n" + std::string(13'000, 'a') + "\r\n").ends_with("-ERR Line too long\r\n[abort]"));
  for (const auto& [why, want] : {std::pair(LoginFailure::TooMany, "-ERR [SYS/TEMP] Too many"), std::pair(LoginFailure::Unavailable, "-ERR [SYS/TEMP] Try again"),
                                  std::pair(LoginFailure::NotAllowed, "-ERR [AUTH] Not allowed")}) {
    Preauth preauth(protected_offer, "h");
    talk(preauth, "USER a\r\nPASS secret\r\n");
    preauth.login_refused(why);
    const auto said = talk(preauth, "");
    CHECK(said.starts_with(want));
    CHECK(said.ends_with("(closed)"));
  }
  Preauth silent(plain, "h");
  talk(silent, "");
  silent.say_goodbye(Goodbye::TimedOut);
  CHECK(talk(silent, "") == "(closed)");
  Preauth broken(plain, "h");
  broken.say_goodbye(Goodbye::Unavailable);
  CHECK(talk(broken, "").ends_with("-ERR [SYS/TEMP] Try again later\r\n(closed)"));
}
