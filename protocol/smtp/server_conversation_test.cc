// The server's conversation against a small world: commands and replies, order, limits, smuggling, TLS, LMTP, BDAT.
#include <doctest/doctest.h>

#include "protocol/smtp/scripted_world.h"

using namespace hikyaku;
using namespace hikyaku::smtp;

namespace {
std::string codes(std::string_view replies) {
  std::string out;
  while (!replies.empty()) {
    const auto end = replies.find("\r\n");
    if (replies.size() > 3 && replies[3] == ' ') out += (out.empty() ? "" : " ") + std::string(replies.substr(0, 3));
    replies.remove_prefix(end + 2);
  }
  return out;
}

struct Row { std::string_view in, want; };

void check_rows(std::initializer_list<Row> rows, const ServerConfig& config = test_config()) {
  for (const Row& row : rows) {
    CAPTURE(row.in);
    ScriptedWorld world(config);
    CHECK(codes(world.say(row.in)) == row.want);
  }
}
const std::string hello = "EHLO c.example\r\n";
const std::string begin = hello + "MAIL FROM:<s@far.example>\r\nRCPT TO:<u@here.example>\r\n";
TEST_CASE("addresses that mobile carriers gave out are taken where the settings say so, and go on in quotes") {
  auto config = test_config();
  config.dots = Dots::Loose;
  ScriptedWorld world(config);
  world.locals.push_back("a..b");
  world.say("EHLO c.example\r\n");
  for (const std::string_view sender : {"x..y", ".x", "x.", "...x"}) {
    CHECK(world.say("MAIL FROM:<" + std::string(sender) + "@docomo.example>\r\n").starts_with("250 "));
    CHECK(world.talk.envelope().reverse_path.text() == '"' + std::string(sender) + "\"@docomo.example");
    CHECK(world.say("RCPT TO:<a..b@here.example>\r\n").starts_with("250 "));
    CHECK(world.say("RSET\r\n").starts_with("250 "));
  }
  for (const std::string_view bad : {"MAIL FROM:<.@b.example>", "MAIL FROM:<..@b.example>", "MAIL FROM:<x..y>", "MAIL FROM:<x.. y@b.example>",
                                     "MAIL FROM:<x@b..example>"}) {
    CAPTURE(bad);
    CHECK(world.say(std::string(bad) + "\r\n").starts_with("501 "));
  }
}

TEST_CASE("a trace of the talk holds no password and no text of a message") {
  ScriptedWorld world(test_config(), WorldTls::FromTheStart);
  std::string heard;
  world.talk.overhear([&heard](Speaker who, std::string_view line) {
    heard += who == Speaker::Client ? "C: " : "S: ";
    heard += line;
    heard += '\n';
  });
  world.say("EHLO c.example\r\nNOOP\r\nAUTH PLAIN AHUAeA==\r\nauth login\r\nc2VjcmV0\r\nc2VjcmV0\r\nc2VjcmV0\r\n");
  CHECK(heard.starts_with("C: EHLO c.example\nS: 250-mx.here.example\nS: 250-PIPELINING\n"));
  CHECK(heard.contains("C: NOOP\nS: 250 2.0.0 Ok\nC: AUTH PLAIN (response)\nS: 535 "));
  CHECK_FALSE(heard.contains("AHUA"));
  CHECK_FALSE(heard.contains("c2VjcmV0"));
  heard.clear();
  world.say("MAIL FROM:<s@far.example>\r\nRCPT TO:<u@here.example>\r\nDATA\r\n");
  world.say("Subject: confidential\r\n\r\nnobody may read this\r\n.\r\nQUIT\r\n");
  CHECK(heard.contains("C: RCPT TO:<u@here.example>\nS: 250 2.1.5 Recipient ok\nC: DATA\nS: 354 "));
  CHECK(heard.contains("C: QUIT\nS: 221 "));
  CHECK_FALSE(heard.contains("confidential"));
  CHECK_FALSE(heard.contains("nobody"));
}

}  // namespace

TEST_CASE("commands and their replies") {
  check_rows({
      {"", "220"},
      {"NOOP\r\n", "220 250"},
      {"noop with words\r\n", "220 250"},
      {"QUIT\r\n", "220 221"},
      {"QUIT\r\nNOOP\r\n", "220 221"},
      {"HELP\r\n", "220 214"},
      {"VRFY u\r\n", "220 252"},
      {"VRFY\r\n", "220 501"},
      {"EXPN list\r\n", "220 502"},
      {"ETRN x\r\n", "220 502"},
      {"WHATISTHIS\r\n", "220 500"},
      {"\r\n", "220 500"},
      {" \r\n", "220 500"},
      {"HELO\r\n", "220 501"},
      {"EHLO\r\n", "220 501"},
      {"EHLO a b\r\n", "220 501"},
      {"LHLO a\r\n", "220 500"},
      {"HELO c.example\r\n", "220 250"},
      {"EHLO [192.0.2.1]\r\n", "220 250"},
      {"EHLO PC_of_Hanako!\r\n", "220 250"},
      {"RSET\r\n", "220 250"},
      {"RSET x\r\n", "220 501"},
      {"MAIL FROM:<a@b.example>\r\n", "220 503"},
      {"RCPT TO:<u@here.example>\r\n", "220 503"},
      {"DATA\r\n", "220 503"},
      {"BDAT 0 LAST\r\n", "220 503"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "220 521"},
      {"EHLO a\rNOOP\r\n", "220 500"},
      {"NOOP\n", "220 500"},
      {"NOOP\r\r\n", "220 500"},
      {"AUTH PLAIN AHUAcA==\r\n", "220 503"},
  });
}

TEST_CASE("MAIL and RCPT") {
  using namespace std::string_view_literals;
  struct Line { std::string_view line, want; };
  for (const Line& row : {Line{"MAIL FROM:<a@b.example>", "250"}, Line{"mail from:<a@b.example>", "250"}, Line{"MAIL FROM:<>", "250"},
                          Line{"MAIL FROM: <>", "250"}, Line{"MAIL FROM:a@b.example", "250"},
                          Line{"MAIL FROM:<@x.example,@y.example:a@b.example>", "250"}, Line{"MAIL FROM:<\"a b\"@b.example>", "250"},
                          Line{"MAIL FROM:<a@[192.0.2.1]>", "250"}, Line{"MAIL FROM:<a@[IPv6:2001:db8::1]>", "250"},
                          Line{"MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=x+2By", "250"},
                          Line{"MAIL FROM:<\u00e4@b.example> SMTPUTF8", "250"}, Line{"MAIL FROM:<\u00e4@b.example>", "553"},
                          Line{"MAIL FROM:<a@b.example> AUTH=<>", "250"}, Line{"MAIL FROM:<a@b.example> SIZE=99999999999", "552"},
                          Line{"MAIL FROM:<a@b.example> SIZE=99999999999999999999", "552"}, Line{"MAIL FROM:<a@b.example> SIZE=100000000000000000000", "501"},
                          Line{"MAIL FROM:<a@b.example> SIZE=x", "501"}, Line{"MAIL FROM:<a@b.example> SIZE=1 SIZE=1", "501"},
                          Line{"MAIL FROM:<a@b.example> BODY=BINARYMIME", "250"}, Line{"MAIL FROM:<a@b.example> BODY=BINARY", "501"},
                          Line{"MAIL FROM:<a@b.example> BODY=", "501"}, Line{"MAIL FROM:<a@b.example> XYZZY=1", "555"},
                          Line{"MAIL FROM:<a@b.example> SMTPUTF8=1", "501"}, Line{"MAIL FROM:<a@b.example>SIZE=1", "501"},
                          Line{"MAIL FROM:<a@b.example> =", "501"}, Line{"MAIL FROM:<a@b.example> ENVID=+zz", "501"},
                          Line{"MAIL FROM:", "501"}, Line{"MAIL", "501"}, Line{"MAIL TO:<a@b.example>", "501"}, Line{"MAIL FROM:<a>", "501"},
                          Line{"MAIL FROM:<a@>", "501"}, Line{"MAIL FROM:<@b.example>", "501"}, Line{"MAIL FROM:<a@b.example", "501"},
                          Line{"MAIL FROM:<a@b..example>", "501"}, Line{"MAIL FROM:<a..b@b.example>", "501"}, Line{"MAIL FROM:<.a@b.example>", "501"},
                          Line{"MAIL FROM:<a b@b.example>", "501"}, Line{"MAIL FROM:<a@b.example>>", "501"}, Line{"MAIL FROM:<<a@b.example>", "501"},
                          Line{"MAIL FROM:<a@-b.example>", "501"}, Line{"MAIL FROM:<\xff@b.example> SMTPUTF8", "501"},
                          Line{"MAIL FROM:<spammer@evil.example>", "550"}}) {
    CAPTURE(row.line);
    ScriptedWorld world;
    CHECK(codes(world.say(hello + std::string(row.line) + "\r\n")) == "220 250 " + std::string(row.want));
  }
  for (const Line& row : {Line{"RCPT TO:<u@here.example>", "250"}, Line{"RCPT TO: u@here.example", "250"}, Line{"RCPT TO:<Postmaster>", "250"},
                          Line{"RCPT TO:<u@here.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;u@here.example", "250"},
                          Line{"RCPT TO:<u@here.example> NOTIFY=NEVER", "250"}, Line{"RCPT TO:<nobody@here.example>", "550"},
                          Line{"RCPT TO:<x@far.example>", "550"}, Line{"RCPT TO:<u@here.example> NOTIFY=NEVER,SUCCESS", "501"},
                          Line{"RCPT TO:<u@here.example> NOTIFY=", "501"}, Line{"RCPT TO:<u@here.example> NOTIFY=X", "501"},
                          Line{"RCPT TO:<u@here.example> ORCPT=u@here.example", "501"}, Line{"RCPT TO:<u@here.example> SIZE=1", "555"},
                          Line{"RCPT TO:<>", "501"}, Line{"RCPT TO:", "501"}, Line{"RCPT LALA:<>", "501"}, Line{"RCPT TO:<pepe>", "501"},
                          Line{"RCPT TO:<a@xn--->", "501"}, Line{"RCPT TO:<henry\u2163@here.example>", "553"},
                          Line{"RCPT TO:<u@here.example> ", "250"}}) {
    CAPTURE(row.line);
    ScriptedWorld world;
    CHECK(codes(world.say(hello + "MAIL FROM:<>\r\n" + std::string(row.line) + "\r\n")) == "220 250 250 " + std::string(row.want));
  }
  ScriptedWorld world;
  CHECK(codes(world.say(hello + "MAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\nRCPT TO:<nobody@here.example>\r\nDATA\r\n")) ==
        "220 250 250 503 554 550 554");
  ScriptedWorld longest;
  CHECK(codes(longest.say(hello + "MAIL FROM:<" + std::string(64, 'a') + "@b.example>\r\n")) == "220 250 250");
  ScriptedWorld too_long;
  CHECK(codes(too_long.say(hello + "MAIL FROM:<" + std::string(65, 'a') + "@b.example>\r\n")) == "220 250 501");
}

TEST_CASE("a message: its text, its envelope, its id") {
  ScriptedWorld world;
  CHECK(codes(world.say(begin + "RCPT TO:<u@here.example>\r\nRCPT TO:<v@here.example> NOTIFY=DELAY\r\nDATA\r\nA: b\r\n\r\n..dot\r\n...\r\n.x\r\n.\r\n")) ==
        "220 250 250 250 250 250 354 250");
  REQUIRE(world.messages.size() == 1);
  CHECK(world.messages[0].text == "A: b\r\n\r\n.dot\r\n..\r\nx\r\n");
  const Envelope& envelope = world.messages[0].envelope;
  CHECK(envelope.reverse_path.text() == "s@far.example");
  REQUIRE(envelope.recipients.size() == 2);  // the repeated one once
  CHECK(envelope.recipients[1].notify.delay);
  CHECK(envelope.client_helo == "c.example");
  CHECK(envelope.client_address == "192.0.2.7");
  CHECK(world.output.contains("queued as " + world.messages[0].envelope.id.text()));
  CHECK(codes(world.say("MAIL FROM:<>\r\nRCPT TO:<v@here.example>\r\nDATA\r\n.\r\n")) == "250 250 354 250");
  CHECK(world.messages[1].text.empty());
}

TEST_CASE("smuggling: only CR LF . CR LF ends the data, and nobody speaks after a bare line end") {
  using namespace std::string_view_literals;
  for (const std::string_view end : {"\n.\n"sv, "\n.\r\n"sv, "\r\n.\n"sv, "\r.\r"sv, "\r.\r\n"sv, "\r\n.\r"sv, "\n.\r"sv, "\r\n.\r\r\n"sv,
                                     "\r\r\n.\r\n"sv, "\r\n\n.\r\n"sv, "a\nb"sv, "a\rb"sv}) {
    CAPTURE(end);
    ScriptedWorld world;
    const std::string in = begin + "DATA\r\nSubject: x\r\n\r\nbody" + std::string(end) +
                           "MAIL FROM:<evil@far.example>\r\nRCPT TO:<v@here.example>\r\nDATA\r\nsmuggled\r\n.\r\nQUIT\r\n";
    CHECK(codes(world.say(in)) == "220 250 250 250 354 521");
    CHECK(world.closed);
    CHECK(world.messages.empty());
    CHECK(world.aborted == 1);
  }
  ScriptedWorld nul;
  nul.say(begin + "DATA\r\na\r\n.\r\n.");  // what follows the end is a command
  CHECK(nul.messages.size() == 1);
  CHECK(nul.messages[0].text == "a\r\n");
}

TEST_CASE("a text that is too large, too long or goes round in circles") {
  auto config = test_config();
  config.limits.message_octets = 100;
  ScriptedWorld large(config);
  std::string line = std::string(58, 'x') + "\r\n";
  CHECK(codes(large.say(begin + "DATA\r\n" + line + line + ".\r\nNOOP\r\n")) == "220 250 250 250 354 552 250");
  CHECK(large.messages.empty());
  CHECK(large.aborted == 1);
  ScriptedWorld fits(config);
  CHECK(codes(fits.say(begin + "DATA\r\n" + line + std::string(38, 'x') + "\r\n.\r\n")) == "220 250 250 250 354 250");
  ScriptedWorld long_line;
  CHECK(codes(long_line.say(begin + "DATA\r\n" + std::string(999, 'x') + "\r\n.\r\n")) == "220 250 250 250 354 554");
  ScriptedWorld longest;
  CHECK(codes(longest.say(begin + "DATA\r\n" + std::string(998, 'x') + "\r\n.\r\n")) == "220 250 250 250 354 250");
  ScriptedWorld loop;
  std::string trace;
  for (int i = 0; i < 101; ++i) trace += "Received: x\r\n";
  CHECK(codes(loop.say(begin + "DATA\r\n" + trace + "\r\n.\r\n")) == "220 250 250 250 354 554");
  ScriptedWorld quoted;  // in the body they do not count
  CHECK(codes(quoted.say(begin + "DATA\r\n\r\n" + trace + "\r\n.\r\n")) == "220 250 250 250 354 250");
  auto strict = test_config();
  strict.limits.content.nul = ContentRules::Nul::Refused;
  ScriptedWorld nul(strict);
  CHECK(codes(nul.say(begin + "DATA\r\na" + std::string(1, '\0') + "\r\n.\r\n")) == "220 250 250 250 354 554");
}

TEST_CASE("BDAT") {
  const std::string bare = hello + "MAIL FROM:<>\r\n";
  ScriptedWorld world;
  CHECK(codes(world.say(begin + "BDAT 5\r\nA: b\rBDAT 9\r\n\n\r\n.\r\nx\r\nBDAT 0 LAST\r\n")) == "220 250 250 250 250 250 250");
  REQUIRE(world.messages.size() == 1);
  CHECK(world.messages[0].text == "A: b\r\n\r\n.\r\nx\r\n");
  struct Bad { std::string in, want; };
  for (const Bad& row : {
           Bad{begin + "BDAT x\r\nNOOP\r\n", "220 250 250 250 501"},
           Bad{begin + "BDAT 5 LASTING\r\nNOOP\r\n", "220 250 250 250 501"},
           Bad{begin + "BDAT -1\r\n", "220 250 250 250 501"},
           Bad{bare + "BDAT 6\r\nNOOP\r\nNOOP\r\n", "220 250 250 554 250"},
           Bad{hello + "BDAT 6 LAST\r\nNOOP\r\nNOOP\r\n", "220 250 503 250"},
           Bad{begin + "BDAT 3\r\nabcDATA\r\nRCPT TO:<v@here.example>\r\nMAIL FROM:<>\r\nRSET\r\n", "220 250 250 250 250 503 503 503 250"},
           Bad{begin + "BDAT 3\r\na\nbBDAT 3 LAST\r\nabcNOOP\r\n", "220 250 250 250 554 503 250"},
           Bad{begin + "BDAT 3 LAST\r\na\r\rNOOP\r\n", "220 250 250 250 554 250"},
           Bad{begin + "BDAT 2 LAST\r\na\rNOOP\r\n", "220 250 250 250 554 250"},
       }) {
    CAPTURE(row.in);
    ScriptedWorld bad;
    CHECK(codes(bad.say(row.in)) == row.want);
    CHECK(bad.messages.empty());
  }
  auto config = test_config();
  config.limits.message_octets = 10;
  ScriptedWorld large(config);
  CHECK(codes(large.say(begin + "BDAT 8\r\n12345678BDAT 8\r\n12345678BDAT 8 LAST\r\n12345678NOOP\r\n")) == "220 250 250 250 250 552 503 250");
}

TEST_CASE("BINARYMIME: any octets, by BDAT only") {
  using namespace std::string_literals;
  const std::string binary = hello + "MAIL FROM:<a@b.example> BODY=BINARYMIME\r\nRCPT TO:<u@here.example>\r\n";
  CHECK(ScriptedWorld().say(hello).contains("250-BINARYMIME"));
  ScriptedWorld world;
  const auto text = "A: b\r\n\r\n\0\n\r.\r\n.\r\n"s + std::string(5'000, 'x') + "\r";
  CHECK(codes(world.say(binary + "BDAT 3\r\n" + text.substr(0, 3) + "BDAT " + std::to_string(text.size() - 3) + " LAST\r\n" + text.substr(3) + "NOOP\r\n")) == "220 250 250 250 250 250 250");
  REQUIRE(world.messages.size() == 1);
  CHECK(world.messages[0].text == text);
  CHECK(world.messages[0].envelope.body_type == BodyType::BinaryMime);
  // The next message is lines again.
  CHECK(codes(world.say("MAIL FROM:<>\r\nRCPT TO:<u@here.example>\r\nBDAT 3 LAST\r\na\nbNOOP\r\n")) == "250 250 554 250");
  ScriptedWorld by_data;
  CHECK(codes(by_data.say(binary + "DATA\r\nBDAT 1 LAST\r\n\nNOOP\r\n")) == "220 250 250 250 503 250 250");
  auto config = test_config();
  config.limits.message_octets = 10;
  ScriptedWorld large(config);
  CHECK(codes(large.say(binary + "BDAT 8\r\n12345678BDAT 8\r\n12345678BDAT 8 LAST\r\n12345678NOOP\r\n")) == "220 250 250 250 250 552 503 250");
  std::string trace;
  for (int i = 0; i < 101; ++i) trace += "Received: x\r\n";
  ScriptedWorld round;
  CHECK(codes(round.say(binary + "BDAT " + std::to_string(trace.size()) + " LAST\r\n" + trace + "NOOP\r\n")) == "220 250 250 250 554 250");
}

TEST_CASE("STARTTLS") {
  ScriptedWorld world;
  CHECK(world.say(hello).contains("250-STARTTLS"));
  CHECK(codes(world.say("STARTTLS\r\n")) == "220");
  CHECK(world.tls_handshakes == 1);
  CHECK(codes(world.say("MAIL FROM:<>\r\n")) == "503");  // all is forgotten
  const auto offers = world.say(hello);
  CHECK_FALSE(offers.contains("STARTTLS"));
  CHECK(offers.contains("AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN"));
  CHECK(codes(world.say("STARTTLS\r\n")) == "503");
  ScriptedWorld injected;
  CHECK(codes(injected.say(hello + "STARTTLS\r\nMAIL FROM:<evil@far.example>\r\n")) == "220 250 554");
  CHECK(injected.tls_handshakes == 0);
  CHECK(injected.closed);
  ScriptedWorld words;
  CHECK(codes(words.say("STARTTLS now\r\n")) == "220 501");
  auto config = test_config();
  config.tls = TlsOffer::None;
  ScriptedWorld none(config);
  CHECK_FALSE(none.say(hello).contains("STARTTLS"));
  CHECK(codes(none.say("STARTTLS\r\n")) == "502");
  config.tls = TlsOffer::Demanded;
  ScriptedWorld demanded(config);
  CHECK(codes(demanded.say(hello + "MAIL FROM:<>\r\n")) == "220 250 530");
}

TEST_CASE("REQUIRETLS is offered and taken under TLS only, and waived by a header field without it") {
  ScriptedWorld clear;
  CHECK_FALSE(clear.say(hello).contains("REQUIRETLS"));
  CHECK(codes(clear.say("MAIL FROM:<s@far.example> REQUIRETLS\r\n")) == "555");
  const auto wish = [](std::string_view parameter, std::string_view header) {
    ScriptedWorld world;
    world.say(hello + "STARTTLS\r\n");
    CHECK(world.say(hello).contains("REQUIRETLS"));
    world.say("MAIL FROM:<s@far.example>" + std::string(parameter) + "\r\nRCPT TO:<u@here.example>\r\nDATA\r\n" + std::string(header) + "\r\nTLS-Required: No\r\n.\r\n");
    REQUIRE(world.messages.size() == 1);
    return world.messages[0].envelope.tls_wish;
  };
  CHECK(wish(" REQUIRETLS", "") == TlsWish::Require);
  CHECK(wish(" requiretls", "TLS-Required: No\r\n") == TlsWish::Require);  // RFC 8689 §4.1: the option goes before the field
  CHECK(wish("", "") == TlsWish::None);
  CHECK(wish("", "A: b\r\ntls-required:  no \r\n") == TlsWish::Waive);
  for (const char* header : {"TLS-Required: Yes\r\n", "TLS-Required: No\r\nTLS-Required: No\r\n", "TLS-Required: No\r\nTLS-Required: Yes\r\n", "TLS-Required:\r\n",
                             "TLS-Required: None\r\n", "X-TLS-Required: No\r\n", "TLS-Required: No                            .\r\n"})
    CHECK_MESSAGE(wish("", header) == TlsWish::None, header);
  ScriptedWorld bad;
  bad.say(hello + "STARTTLS\r\n" + "");
  CHECK(codes(bad.say(hello + "MAIL FROM:<s@far.example> REQUIRETLS=YES\r\nMAIL FROM:<s@far.example> REQUIRETLS REQUIRETLS\r\n")) == "250 501 501");
  auto config = test_config();
  config.role = Role::Lmtp;
  ScriptedWorld lmtp(config);
  lmtp.say("LHLO c.example\r\nSTARTTLS\r\n");
  CHECK_FALSE(lmtp.say("LHLO c.example\r\n").contains("REQUIRETLS"));
}

TEST_CASE("AUTH") {
  auto config = test_config();
  config.role = Role::Submission;
  struct Line { std::string_view in, want; };
  // "\0u\0p", "u", "p"
  for (const Line& row : {Line{"AUTH PLAIN AHUAcA==\r\n", "235"}, Line{"AUTH PLAIN\r\nAHUAcA==\r\n", "334 235"}, Line{"auth login\r\ndQ==\r\ncA==\r\n", "334 334 235"},
                          Line{"AUTH LOGIN dQ==\r\ncA==\r\n", "334 235"}, Line{"AUTH PLAIN AHUAeA==\r\n", "535"}, Line{"AUTH PLAIN\r\n*\r\n", "334 501"},
                          Line{"AUTH PLAIN something\r\n", "501"}, Line{"AUTH PLAIN =\r\n", "501"}, Line{"AUTH PLAIN\r\nAHUAcA\r\n", "334 501"},
                          Line{"AUTH\r\n", "501"}, Line{"AUTH CRAM-MD5\r\n", "504"}, Line{"AUTH LOGIN\r\n\r\n", "334 501"},
                          Line{"AUTH PLAIN AHUAcA==\r\nAUTH PLAIN AHUAcA==\r\n", "235 503"}, Line{"MAIL FROM:<>\r\n", "530"},
                          Line{"AUTH PLAIN\r\nAHUA\rcA==\r\nNOOP\r\n", "334 500 250"}, Line{"AUTH PLAIN AHUAcA== \r\n", "235"}}) {
    CAPTURE(row.in);
    ScriptedWorld world(config, WorldTls::FromTheStart);
    CHECK(codes(world.say(hello + std::string(row.in))) == "220 250 " + std::string(row.want));
  }
  ScriptedWorld clear(config);
  CHECK(clear.say(hello).contains("AUTH SCRAM-SHA-256\r\n"));
  CHECK(codes(clear.say("AUTH PLAIN AHUAcA==\r\n")) == "538");
  ScriptedWorld patience(config, WorldTls::FromTheStart);
  CHECK(codes(patience.say(hello + "AUTH PLAIN x\r\nAUTH PLAIN x\r\nAUTH PLAIN x\r\nNOOP\r\n")) == "220 250 501 501 421");
  CHECK(patience.closed);
  ScriptedWorld sender(config, WorldTls::FromTheStart);
  sender.say(hello + "AUTH PLAIN AHUAcA==\r\nMAIL FROM:<u@here.example>\r\nRCPT TO:<x@far.example>\r\nDATA\r\n.\r\n");
  REQUIRE(sender.messages.size() == 1);
  CHECK(sender.messages[0].envelope.account == "u");
  ScriptedWorld long_response(config, WorldTls::FromTheStart);
  CHECK(codes(long_response.say(hello + "AUTH PLAIN\r\n" + std::string(13'000, 'A') + "\r\nNOOP\r\n")) == "220 250 334 500 250");
}

TEST_CASE("LMTP") {
  auto config = test_config();
  config.role = Role::Lmtp;
  ScriptedWorld world(config);
  CHECK(codes(world.say("EHLO a\r\nHELO a\r\nLHLO a\r\n")) == "220 500 500 250");
  CHECK(codes(world.say("MAIL FROM:<>\r\nDATA\r\nRCPT TO:<u@here.example>\r\nRCPT TO:<full@here.example>\r\nRCPT TO:<u@here.example>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n")) ==
        "250 503 250 250 250 354 250 452 250 250");
  CHECK(codes(world.say("MAIL FROM:<>\r\nRCPT TO:<u@here.example>\r\nRCPT TO:<v@here.example>\r\nBDAT 3 LAST\r\na\rbNOOP\r\n")) == "250 250 250 554 554 250");
}

TEST_CASE("limits of a session") {
  auto config = test_config();
  config.limits.errors = 3;
  ScriptedWorld errors(config);
  CHECK(codes(errors.say("x\r\nx\r\nx\r\nx\r\nNOOP\r\n")) == "220 500 500 500 421");
  CHECK(errors.closed);
  config = test_config();
  config.limits.recipients = 2;
  ScriptedWorld recipients(config);
  CHECK(codes(recipients.say(hello + "MAIL FROM:<>\r\nRCPT TO:<u@here.example>\r\nRCPT TO:<v@here.example>\r\nRCPT TO:<u@here.example>\r\nDATA\r\n.\r\n")) ==
        "220 250 250 250 250 452 354 250");
  config.limits.messages = 1;
  ScriptedWorld messages(config);
  CHECK(codes(messages.say(begin + "DATA\r\n.\r\nMAIL FROM:<>\r\n")) == "220 250 250 250 354 250 421");
  config.limits.idle_commands = 5;
  ScriptedWorld idle(config);
  CHECK(codes(idle.say("NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n")) == "220 250 250 250 250 250 421");
  ScriptedWorld long_line;
  CHECK(codes(long_line.say("NOOP " + std::string(600, 'x') + "\r\nNOOP\r\n")) == "220 500 250");
  ScriptedWorld endless;
  for (int i = 0; i < 1000; ++i) CHECK(endless.say(std::string(1000, 'x')).size() < 100);
  CHECK(codes(endless.say("\r\nNOOP\r\n")) == "500 250");
}

TEST_CASE("the end comes from outside: 421, and what was begun is forgotten") {
  ScriptedWorld world;
  world.say(begin + "DATA\r\nx");
  world.talk.end(EndReason::Shutdown);
  CHECK(codes(world.run()) == "421");
  CHECK(world.closed);
  CHECK(world.aborted == 1);
}

TEST_CASE("any split of the client's octets gives the same talk") {
  const std::string talk = begin + "RCPT TO:<nobody@here.example>\r\nDATA\r\nA: b\r\n\r\n..x\r\n.\r\nEHLO d\r\nMAIL FROM:<> BODY=8BITMIME\r\n"
                           "RCPT TO:<u@here.example>\r\nBDAT 5\r\nab\r\ncBDAT 2 LAST\r\n\r\nx\ny\r\nNOOP " + std::string(700, 'z') +
                           "\r\nMAIL FROM:<s@far.example>\r\nRCPT TO:<u@here.example>\r\nDATA\r\ngood\r\nbad\nend\r\n.\r\nNOOP\r\n";
  ScriptedWorld whole;
  const auto want = whole.say(talk);
  for (std::size_t piece = 1; piece < 40; ++piece) {
    ScriptedWorld world;
    std::string got;
    for (std::size_t at = 0; at < talk.size(); at += piece) got += world.say(std::string_view(talk).substr(at, piece));
    CAPTURE(piece);
    CHECK(got == want);
    REQUIRE(world.messages.size() == 2);
    CHECK(world.messages[0].text == whole.messages[0].text);
    CHECK(world.messages[1].text == whole.messages[1].text);
  }
  for (std::size_t cut = 0; cut <= talk.size(); ++cut) {
    ScriptedWorld world;
    auto got = world.say(std::string_view(talk).substr(0, cut));
    got += world.say(std::string_view(talk).substr(cut));
    CHECK(got == want);
  }
}

TEST_CASE("the trace line") {
  const WallTime when{std::chrono::seconds{1'763'787'600}};
  CHECK(message_date(when) == "Sat, 22 Nov 2025 05:00:00 +0000");
  ReceivedFacts facts{.kind = {Role::Submission, true, true, true, false}, .helo = "pc.example", .client_address = "2001:db8::7", .our_name = "mx.example",
                      .tls = "TLSv1.3 TLS_AES_128_GCM_SHA256", .id = {1, 1, 1, 1}, .recipient = "u@here.example", .when = when};
  CHECK(received_field(facts) == "Received: from pc.example ([IPv6:2001:db8::7])\r\n\tby mx.example (Hikyaku) with ESMTPSA\r\n"
                                 "\t(TLSv1.3 cipher TLS_AES_128_GCM_SHA256)\r\n\tid " + TraceId{1, 1, 1, 1}.text() +
                                 "\r\n\tfor <u@here.example>;\r\n\tSat, 22 Nov 2025 05:00:00 +0000\r\n");
  facts.helo = "x) by evil\r\nX: y (";
  const auto field = received_field(facts);
  CHECK_FALSE(field.contains("\nX:"));
  CHECK(field.starts_with("Received: from unknown ([IPv6:2001:db8::7]; HELO x?" "?by?evil?" "?X:?y?" "?)"));
  CHECK(protocol_keyword({Role::Relay, false, false, false, false}) == "SMTP");
  CHECK(protocol_keyword({Role::Relay, true, true, false, true}) == "UTF8SMTPS");
  CHECK(protocol_keyword({Role::Lmtp, true, false, false, false}) == "LMTP");
}
