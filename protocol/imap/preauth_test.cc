#include "protocol/imap/preauth.h"

#include <doctest/doctest.h>

namespace hikyaku::imap {
namespace {

// Drives a Preauth with an auth service that knows "user" with "secret"; notes the steps that are no output.
struct Front {
  Front(Transport transport, OffersTls offers) : preauth(settings, transport, offers) { run(); }
  std::string say(std::string_view octets) {
    preauth.receive(octets);
    run();
    return std::exchange(output, {});
  }
  void run() {
    while (!closed && !handed_over) {
      auto step = preauth.next();
      if (std::holds_alternative<NeedInput>(step)) return;
      if (auto* send = std::get_if<Send>(&step)) output += send->octets;
      if (std::holds_alternative<StartTls>(step)) output += "<tls>", preauth.tls_started();
      if (std::holds_alternative<SaslAbort>(step)) output += "<abort>";
      if (std::holds_alternative<Close>(step)) closed = true;
      if (auto* start = std::get_if<SaslStart>(&step)) answer(start->initial_response);
      if (auto* respond = std::get_if<SaslRespond>(&step)) answer(respond->octets);
      if (auto* hand_over = std::get_if<HandOver>(&step)) handed_over = hand_over->login;
    }
  }
  void answer(const std::optional<std::string>& message) {
    if (!message) return preauth.sasl_answered(SaslChallenge{""});
    if (*message == std::string_view("\0user\0secret", 12)) return preauth.sasl_answered(SaslAccepted{});
    preauth.sasl_answered(message->ends_with('\0') ? LoginFailure::Malformed : LoginFailure::WrongCredentials);
  }
  PreauthSettings settings;
  Preauth preauth;
  std::string output;
  bool closed = false;
  std::optional<LoginDone> handed_over;
};

TEST_CASE("imap before the login") {
  const std::string huge_login = "a LOGIN {5000+}\r\n" + std::string(5000, 'x') + " y\r\n";
  struct Row { std::string_view name; Transport transport; std::string_view input, want; };
  const Row rows[] = {
      {"capability, plain", Transport::Plain, "a CAPABILITY\r\n",
       "* CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ID ENABLE STARTTLS LOGINDISABLED\r\na OK Done\r\n"},
      {"capability, TLS", Transport::Tls, "a CAPABILITY\r\n",
       "* CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ID ENABLE AUTH=PLAIN AUTH=LOGIN\r\na OK Done\r\n"},
      {"LOGIN without TLS", Transport::Plain, "a LOGIN user secret\r\n", "a NO [PRIVACYREQUIRED] Start TLS before you send a password\r\n"},
      {"PLAIN without TLS", Transport::Plain, "a AUTHENTICATE PLAIN\r\n", "a NO [PRIVACYREQUIRED] Start TLS before you send a password\r\n"},
      {"wrong password", Transport::Tls, "a LOGIN user wrong\r\n", "a NO [AUTHENTICATIONFAILED] User name or password is wrong\r\n"},
      {"text after STARTTLS", Transport::Plain, "a STARTTLS\r\nb LOGIN user secret\r\n",
       "* BYE Text came after STARTTLS and before the handshake\r\n"},
      {"STARTTLS under TLS", Transport::Tls, "a STARTTLS\r\n", "a BAD STARTTLS is not offered now\r\n"},
      {"cancelled", Transport::Tls, "a AUTHENTICATE PLAIN\r\n*\r\n", "+ \r\na BAD AUTHENTICATE was cancelled\r\n<abort>"},
      {"not base64", Transport::Tls, "a AUTHENTICATE PLAIN\r\n!!\r\n", "+ \r\na BAD The response is not base64\r\n<abort>"},
      {"initial response not base64", Transport::Tls, "a AUTHENTICATE PLAIN ?\r\n", "a BAD The initial response is not base64\r\n"},
      {"unknown mechanism", Transport::Tls, "a AUTHENTICATE NTLM\r\n", "a NO That mechanism is not offered\r\n"},
      {"no mechanism", Transport::Tls, "a AUTHENTICATE\r\n", "a BAD Expected a mechanism\r\n"},
      {"needs a login", Transport::Tls, "a SELECT INBOX\r\n", "a BAD Log in first\r\n"},
      {"no such command", Transport::Tls, "a XYZ\r\n", "a BAD There is no such command\r\n"},
      {"LOGIN with an empty password", Transport::Tls, "a LOGIN user \"\"\r\n", "a NO [AUTHENTICATIONFAILED] User name or password is wrong\r\n"},
      {"PLAIN with an empty password", Transport::Tls, "a AUTHENTICATE PLAIN AHVzZXIA\r\n", "a BAD That is not what the mechanism says\r\n"},
      {"no tag", Transport::Tls, "NOOP\r\n", "NOOP BAD Expected a tag, a space and a command\r\n"},
      {"LOGIN with literals", Transport::Tls, "a LOGIN {4}\r\nuser {5+}\r\nwrong\r\n",
       "+ Go on\r\na NO [AUTHENTICATIONFAILED] User name or password is wrong\r\n"},
      {"a huge literal", Transport::Tls, "a LOGIN {99999}\r\n", "a BAD That literal is too large before the login\r\n"},
      {"a huge literal that comes in any case", Transport::Tls, huge_login, "a BAD That command is too long before the login\r\n"},
      {"ID", Transport::Plain, "a ID NIL\r\n", "* ID (\"name\" \"Hikyaku\")\r\na OK Done\r\n"},
      {"LOGOUT", Transport::Plain, "a LOGOUT\r\n", "* BYE See you\r\na OK Done\r\n"},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {row.input.size(), std::size_t{1}}) {
      if (piece == 1 && row.input.contains("STARTTLS\r\nb")) continue;  // only what came together is refused
      CAPTURE(row.name);
      CAPTURE(piece);
      Front front(row.transport, OffersTls::Yes);
      CHECK(std::exchange(front.output, {}).starts_with("* OK [CAPABILITY "));
      std::string got;
      for (std::size_t at = 0; at < row.input.size(); at += piece) got += front.say(row.input.substr(at, piece));
      CHECK(got == row.want);
      CHECK_FALSE(front.handed_over.has_value());
    }
  }
}

TEST_CASE("imap login hands over the tag and what was sent already") {
  for (const std::string_view input : {"x LOGIN user secret\r\ny NOOP\r\n", "x AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\ny NOOP\r\n",
                                       "x AUTHENTICATE PLAIN\r\nAHVzZXIAc2VjcmV0\r\ny NOOP\r\n", "x LOGIN {4+}\r\nuser \"secret\"\r\ny NOOP\r\n"}) {
    CAPTURE(input);
    Front front(Transport::Tls, OffersTls::No);
    front.say(input);
    REQUIRE(front.handed_over.has_value());
    CHECK(front.handed_over->tag == "x");
    CHECK(front.handed_over->received == "y NOOP\r\n");
    front.handed_over.reset();
    front.preauth.login_refused(LoginFailure::Unavailable);
    front.run();
    CHECK(front.output.contains("x NO [UNAVAILABLE]"));
  }
}

TEST_CASE("imap login: STARTTLS, then a password; too many errors close") {
  Front front(Transport::Plain, OffersTls::Yes);
  CHECK(front.say("a STARTTLS\r\n").ends_with("a OK Begin the handshake\r\n<tls>"));
  CHECK(front.say("b CAPABILITY\r\n").contains("AUTH=PLAIN"));
  for (int i = 0; i < 10; ++i) front.say("c LOGIN a b\r\n");
  CHECK(front.closed);
}

}  // namespace
}  // namespace hikyaku::imap
