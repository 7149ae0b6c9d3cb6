// The client's conversation: against scripted peers, sound and broken, and against our own server.
#include <doctest/doctest.h>

#include "protocol/smtp/client_conversation.h"
#include "protocol/smtp/scripted_world.h"

using namespace hikyaku;
using namespace hikyaku::smtp;

namespace {

// Each turn: what the client must say (empty: nothing), then what the peer answers.
struct Turn { std::string_view want, answer; };

struct Run {
  std::string said;                      // what no turn asked about
  std::vector<std::vector<RecipientOutcome>> outcomes;
  std::optional<RecipientOutcome> closed;
  bool told = true;                      // every turn was as wanted
};

// Text for client commands, delivered in pieces.
constexpr std::string_view text = "A: b\r\n\r\n.dot\r\n";

Run converse(ClientSettings settings, std::vector<Turn> turns, std::vector<OutgoingMessage> messages, std::size_t piece = 1000) {
  Run run;
  ClientConversation talk(std::move(settings));
  std::size_t turn = 0, message = 0, sent = 0;
  std::string said;
  for (int steps = 0; steps < 10'000; ++steps) {
    ClientStep step = talk.next();
    if (auto* send = std::get_if<client::Send>(&step)) said += send->bytes;
    if (std::holds_alternative<client::StartTls>(step)) talk.tls_started({sasl::ChannelBinding{.data = std::string(32, 'x')}});
    if (auto* outcome = std::get_if<client::Outcome>(&step)) run.outcomes.push_back(outcome->recipients);
    if (auto* closed = std::get_if<client::Closed>(&step)) {
      run.closed = closed->why;
      run.said = said;
      return run;
    }
    if (std::holds_alternative<client::Ready>(step)) {
      sent = 0;
      if (message < messages.size()) talk.deliver(messages[message++]);
      else talk.quit();
    }
    if (std::holds_alternative<client::NeedContent>(step)) {
      const auto next = text.substr(sent, 5);
      sent += next.size();
      talk.content(next);
    }
    if (std::holds_alternative<client::NeedInput>(step)) {
      if (turn == turns.size()) {
        talk.connection_lost("The connection was lost");
        continue;
      }
      if (said != turns[turn].want) {
        run.told = false;
        MESSAGE("said: ", said, " wanted: ", turns[turn].want);
      }
      said.clear();
      const auto answer = turns[turn++].answer;
      for (std::size_t at = 0; at < answer.size(); at += piece) talk.receive(answer.substr(at, piece));
    }
  }
  FAIL("the talk never ends");
  return run;
}

OutgoingMessage mail(std::initializer_list<const char*> to = {"a"}) {
  OutgoingMessage message{.reverse_path = {{"s", "here.example"}}, .size = text.size()};
  for (const auto* local_part : to) message.recipients.push_back({{local_part, "far.example"}, "", {}});
  return message;
}
const ClientSettings plain{.our_name = "mx.here.example"};
constexpr std::string_view all = "250-far.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n";
constexpr std::string_view ehlo = "EHLO mx.here.example\r\n";
}  // namespace

TEST_CASE("one message, pipelined, with every recipient's own answer") {
  for (std::size_t piece : {1, 3, 1000}) {
    const auto run = converse(plain, {{"", "220 far.example\r\n"}, {ehlo, all},
                                      {"MAIL FROM:<s@here.example> SIZE=14\r\nRCPT TO:<a@far.example>\r\nRCPT TO:<b@far.example>\r\nRCPT TO:<c@far.example>\r\nDATA\r\n",
                                       "250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.1.1 who\r\n451 4.2.1 later\r\n354 go\r\n"}, {"A: b\r\n\r\n..dot\r\n.\r\n", "250 2.0.0 queued\r\n"}, {"QUIT\r\n", "221 bye\r\n"}},
                              {mail({"a", "b", "c"})}, piece);
    CHECK(run.told);
    REQUIRE(run.outcomes.size() == 1);
    const auto& got = run.outcomes[0];
    CHECK(got[0].klass == OutcomeClass::Accepted);
    CHECK(got[1].klass == OutcomeClass::Refused);
    CHECK(got[1].reply == Reply{550, {5, 1, 1}, "who"});
    CHECK(got[2].klass == OutcomeClass::Transient);
    CHECK(run.closed->klass == OutcomeClass::Accepted);
  }
}

TEST_CASE("a bare server: HELO, one command at a time, no parameters") {
  const auto run = converse(plain, {{"", "220-far\r\n220 far.example\r\n"}, {ehlo, "500 what?\r\n"}, {"HELO mx.here.example\r\n", "250 hello\r\n"},
                                    {"MAIL FROM:<s@here.example>\r\n", "250 ok\r\n"}, {"RCPT TO:<a@far.example>\r\n", "550 no\r\n"},
                                    {"RCPT TO:<b@far.example>\r\n", "250 ok\r\n"}, {"DATA\r\n", "354 go\r\n"},
                                    {"A: b\r\n\r\n..dot\r\n.\r\n", "250 ok\r\n"}, {"QUIT\r\n", "221 bye\r\n"}},
                            {mail({"a", "b"})});
  CHECK(run.told);
  CHECK(run.outcomes[0][0].klass == OutcomeClass::Refused);
  CHECK(run.outcomes[0][1].klass == OutcomeClass::Accepted);
}

TEST_CASE("the session is used again, after RSET where a transaction is open") {
  const auto run = converse(plain, {{"", "220 far.example\r\n"}, {ehlo, "250-x\r\n250 PIPELINING\r\n"},
                                    {"MAIL FROM:<s@here.example>\r\nRCPT TO:<a@far.example>\r\nDATA\r\n", "250 ok\r\n550 no\r\n554 no\r\n"},
                                    {"RSET\r\nMAIL FROM:<s@here.example>\r\nRCPT TO:<b@far.example>\r\nDATA\r\n", "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"}, {"A: b\r\n\r\n..dot\r\n.\r\n", "250 ok\r\n"},
                                    {"MAIL FROM:<s@here.example>\r\nRCPT TO:<c@far.example>\r\nDATA\r\n", "451 no\r\n503 no\r\n503 no\r\n"},
                                    {"MAIL FROM:<s@here.example>\r\nRCPT TO:<d@far.example>\r\nDATA\r\n", "250 ok\r\n250 ok\r\n450 later\r\n"}, {"QUIT\r\n", ""}},
                            {mail({"a"}), mail({"b"}), mail({"c"}), mail({"d"})});
  CHECK(run.told);
  REQUIRE(run.outcomes.size() == 4);
  CHECK(run.outcomes[1][0].klass == OutcomeClass::Accepted);
  CHECK(run.outcomes[2][0].reply.code == 451);  // of MAIL, not of RCPT
  CHECK(run.outcomes[3][0].stage == Stage::Data);
}

TEST_CASE("nobody is taken, and the peer would have a text all the same") {
  const std::string_view nobody = "MAIL FROM:<s@here.example> SIZE=14\r\nRCPT TO:<a@far.example>\r\nDATA\r\n", somebody = "MAIL FROM:<s@here.example> SIZE=14\r\nRCPT TO:<b@far.example>\r\nDATA\r\n";
  const std::string_view refused = "250 ok\r\n550 5.1.1 no\r\n354 go\r\n", refused_at_mail = "550 5.7.1 no\r\n503 no\r\n354 go\r\n", taken = "250 ok\r\n250 ok\r\n354 go\r\n";
  for (const auto before : {refused, refused_at_mail})
    for (const std::string_view to_nothing : {"554 nobody\r\n", "250 taken\r\n"}) {
      CAPTURE(to_nothing);
      const auto run = converse(plain, {{"", "220 far.example\r\n"}, {ehlo, all}, {nobody, before}, {".\r\n", to_nothing}, {somebody, taken},
                                        {"A: b\r\n\r\n..dot\r\n.\r\n", "250 ok\r\n"}, {"QUIT\r\n", "221 bye\r\n"}}, {mail({"a"}), mail({"b"})});
      CHECK(run.told);
      REQUIRE(run.outcomes.size() == 2);
      CHECK(run.outcomes[0][0].klass == OutcomeClass::Refused);
      CHECK(run.outcomes[0][0].reply.code == 550);
      CHECK(run.outcomes[1][0].klass == OutcomeClass::Accepted);
    }
  ClientSettings settings = plain;
  settings.protocol = ClientProtocol::Lmtp;
  const auto over_lmtp = converse(settings, {{"", "220 x\r\n"}, {"LHLO mx.here.example\r\n", all}, {nobody, refused}}, {mail({"a"})});
  CHECK(over_lmtp.told);
  CHECK(over_lmtp.outcomes[0][0].klass == OutcomeClass::Refused);
  CHECK(over_lmtp.closed->klass == OutcomeClass::NoAnswer);
}

TEST_CASE("a question: MAIL and RCPT and no text, and RSET before what comes next") {
  const auto question = [](std::initializer_list<const char*> whom) {
    OutgoingMessage asked;
    asked.only_asks = true;
    for (const auto* local_part : whom) asked.recipients.push_back({{local_part, "far.example"}, "", {}});
    return asked;
  };
  const auto run = converse(plain, {{"", "220 far.example\r\n"}, {ehlo, all},
                                    {"MAIL FROM:<> SIZE=0\r\nRCPT TO:<a@far.example>\r\nRCPT TO:<x@far.example>\r\n", "250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no such user\r\n"},
                                    {"RSET\r\nMAIL FROM:<> SIZE=0\r\nRCPT TO:<b@far.example>\r\n", "250 ok\r\n550 5.7.1 not from you\r\n503 5.5.1 MAIL first\r\n"},
                                    {"MAIL FROM:<s@here.example> SIZE=14\r\nRCPT TO:<a@far.example>\r\nDATA\r\n", "250 ok\r\n250 ok\r\n354 go on\r\n"}, {"A: b\r\n\r\n..dot\r\n.\r\n", "250 taken\r\n"},
                                    {"QUIT\r\n", "221 bye\r\n"}},
                            {question({"a", "x"}), question({"b"}), mail()});
  CHECK(run.told);
  REQUIRE(run.outcomes.size() == 3);
  CHECK(run.outcomes[0][0].klass == OutcomeClass::Accepted);
  CHECK(run.outcomes[0][0].stage == Stage::Rcpt);
  CHECK(run.outcomes[0][1].klass == OutcomeClass::Refused);
  CHECK(run.outcomes[0][1].reply.enhanced == EnhancedCode{5, 1, 1});
  CHECK(run.outcomes[1][0].stage == Stage::Mail);
  CHECK(run.outcomes[2][0].klass == OutcomeClass::Accepted);
  const auto bare = converse(plain, {{"", "220 far.example\r\n"}, {ehlo, "250 far.example\r\n"}, {"MAIL FROM:<>\r\n", "250 ok\r\n"}, {"RCPT TO:<a@far.example>\r\n", "250 ok\r\n"},
                                     {"RCPT TO:<x@far.example>\r\n", "450 4.2.0 later\r\n"}, {"QUIT\r\n", "221 bye\r\n"}},
                             {question({"a", "x"})});
  CHECK(bare.told);
  CHECK(bare.outcomes[0][1].klass == OutcomeClass::Transient);
}

TEST_CASE("BDAT, DSN, 8BITMIME and SMTPUTF8 where they are offered") {
  auto message = mail({"a"});
  message.body_type = BodyType::EightBitMime;
  message.return_content = ReturnContent::Headers;
  message.envelope_id = "e+1";
  message.recipients[0].notify = {.success = true, .delay = true};
  message.recipients[0].original_recipient = "rfc822;a=b@c.example";
  auto utf8 = mail({"\u98db"});
  const std::string offers = std::string(all.substr(0, all.rfind("250 "))) + "250 CHUNKING\r\n";
  const auto run = converse(plain, {{"", "220 far.example\r\n"}, {ehlo, offers},
                                    {"MAIL FROM:<s@here.example> SIZE=14 BODY=8BITMIME RET=HDRS ENVID=e+2B1\r\n"
                                     "RCPT TO:<a@far.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+3Db@c.example\r\n", "250 ok\r\n250 ok\r\n"},
                                    {"BDAT 14 LAST\r\nA: b\r\n\r\n.dot\r\n", "554 5.6.0 no\r\n"},
                                    {"RSET\r\nMAIL FROM:<s@here.example> SIZE=14 SMTPUTF8\r\nRCPT TO:<\u98db@far.example>\r\n", "250 ok\r\n250 ok\r\n553 no\r\n"}},
                            {message, utf8});
  CHECK(run.told);
  CHECK(run.outcomes[0][0].klass == OutcomeClass::Refused);
}

TEST_CASE("what the peer cannot take is not sent") {
  auto large = mail();
  large.size = 2000;
  auto utf8 = mail({"\u98db"});
  const auto run = converse(plain, {{"", "220 far.example\r\n"}, {ehlo, "250-x\r\n250 SIZE 1000\r\n"}, {"QUIT\r\n", "221 bye\r\n"}}, {large, utf8});
  CHECK(run.told);
  CHECK(run.outcomes[0][0].reply.enhanced == EnhancedCode{5, 3, 4});
  CHECK(run.outcomes[1][0].reply.enhanced == EnhancedCode{5, 6, 7});
  CHECK_FALSE(run.outcomes[1][0].said_by_peer);
}

TEST_CASE("LMTP: an answer for each accepted recipient") {
  ClientSettings settings = plain;
  settings.protocol = ClientProtocol::Lmtp;
  const auto run = converse(settings, {{"", "220 x LMTP\r\n"}, {"LHLO mx.here.example\r\n", "250-x\r\n250 PIPELINING\r\n"},
                                       {"MAIL FROM:<s@here.example>\r\nRCPT TO:<a@far.example>\r\nRCPT TO:<b@far.example>\r\nRCPT TO:<c@far.example>\r\nDATA\r\n",
                                        "250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n"}, {"A: b\r\n\r\n..dot\r\n.\r\n", "250 ok\r\n452 4.2.2 full\r\n"}, {"QUIT\r\n", "221 bye\r\n"}},
                            {mail({"a", "b", "c"})});
  CHECK(run.told);
  CHECK(run.outcomes[0][0].klass == OutcomeClass::Accepted);
  CHECK(run.outcomes[0][1].klass == OutcomeClass::Refused);
  CHECK(run.outcomes[0][2].klass == OutcomeClass::Transient);
}

TEST_CASE("PRDR: asked for where there is more than one recipient; each one's answer counts with the last") {
  using enum OutcomeClass;
  const std::string offers = "250-far.example\r\n250-PIPELINING\r\n250 PRDR\r\n";
  const auto envelope = [](bool prdr, std::initializer_list<std::string_view> to) {
    std::string out = std::string("MAIL FROM:<s@here.example>") + (prdr ? " PRDR" : "") + "\r\n";
    for (const auto one : to) out += "RCPT TO:<" + std::string(one) + "@far.example>\r\n";
    return out + "DATA\r\n";
  };
  const auto four = envelope(true, {"a", "b", "c", "d"}), one = envelope(false, {"e"});
  struct Row { std::string_view end; std::vector<OutcomeClass> got; bool goes_on; };
  for (const Row& row : {Row{"353 go on\r\n250 2.0.0 a\r\n550 5.7.1 b\r\n250 2.0.0 all\r\n", {Accepted, Refused, Transient, Refused}, true},
                         Row{"353 go on\r\n451 a\r\n550 b\r\n451 nobody\r\n", {Transient, Refused, Transient, Refused}, true},
                         Row{"353 go on\r\n250 a\r\n250 b\r\n451 after all\r\n", {Transient, Transient, Transient, Refused}, true},
                         Row{"353 go on\r\n250 a\r\n451 b\r\n550 after all\r\n", {Refused, Transient, Transient, Refused}, true},
                         Row{"250 all\r\n", {Accepted, Accepted, Transient, Refused}, true}, Row{"550 no\r\n", {Refused, Refused, Transient, Refused}, true},
                         Row{"451 no\r\n", {Transient, Transient, Transient, Refused}, true},
                         // cut, and what is none
                         Row{"353 go on\r\n250 a\r\n550 b\r\n", {NoAnswer, Refused, Transient, Refused}, false}, Row{"353 go on\r\n", {NoAnswer, NoAnswer, Transient, Refused}, false},
                         Row{"353 go on\r\n421 bye\r\n", {Transient, Transient, Transient, Refused}, false},
                         Row{"353 go on\r\n353 go on\r\n", {NoAnswer, NoAnswer, Transient, Refused}, false}, Row{"354 go\r\n", {NoAnswer, NoAnswer, Transient, Refused}, false},
                         Row{"353 go on\r\n250 a\r\n354 b\r\n", {NoAnswer, NoAnswer, Transient, Refused}, false}}) {
    INFO(row.end);
    for (std::size_t piece : {1, 1000}) {
      std::vector<Turn> turns{{"", "220 x\r\n"}, {ehlo, offers}, {four, "250 ok\r\n250 ok\r\n250 ok\r\n450 later\r\n550 no\r\n354 go\r\n"}, {"A: b\r\n\r\n..dot\r\n.\r\n", row.end}};
      if (row.goes_on) turns.push_back({one, "250 ok\r\n550 no\r\n503 nobody\r\n"}), turns.push_back({"QUIT\r\n", "221 bye\r\n"});
      const auto run = converse(plain, turns, row.goes_on ? std::vector{mail({"a", "b", "c", "d"}), mail({"e"})} : std::vector{mail({"a", "b", "c", "d"})}, piece);
      CHECK(run.told);
      REQUIRE(run.outcomes.size() == (row.goes_on ? 2U : 1U));
      for (std::size_t i = 0; i < row.got.size(); ++i) CHECK(run.outcomes[0][i].klass == row.got[i]);
    }
  }
}

TEST_CASE("STARTTLS and AUTH") {
  ClientSettings settings = plain;
  settings.login = sasl::ClientContext{.user = "u", .password = "p"};
  const auto run = converse(settings, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"}, {"STARTTLS\r\n", "220 go\r\n"},
                                       {ehlo, "250-x\r\n250 AUTH PLAIN LOGIN\r\n"}, {"AUTH PLAIN AHUAcA==\r\n", "235 in\r\n"}, {"QUIT\r\n", "221\r\n"}}, {});
  CHECK(run.told);
  CHECK(run.closed->klass == OutcomeClass::Accepted);
  struct Row { std::string_view name; TlsUse tls; std::vector<Turn> turns; OutcomeClass klass; };
  for (const Row& row : {
           Row{"more than the answer before TLS", TlsUse::Opportunistic, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 STARTTLS\r\n"}, {"STARTTLS\r\n", "220 go\r\n250 ok\r\n"}}, OutcomeClass::NoAnswer},
           Row{"demanded but not offered", TlsUse::Required, {{"", "220 x\r\n"}, {ehlo, "250 x\r\n"}}, OutcomeClass::Transient},
           Row{"demanded but refused", TlsUse::Required, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 STARTTLS\r\n"}, {"STARTTLS\r\n", "454 no\r\n"}}, OutcomeClass::Transient},
           Row{"no password in the clear", TlsUse::Never, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH PLAIN LOGIN\r\n"}}, OutcomeClass::Transient},
           Row{"wrong password", TlsUse::Implicit, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH LOGIN\r\n"}, {"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"}, {"dQ==\r\n", "334 x\r\n"}, {"*\r\n", "501 no\r\n"}}, OutcomeClass::Transient},
           Row{"a server that skips its proof", TlsUse::Implicit, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH SCRAM-SHA-256\r\n"}, {"AUTH SCRAM-SHA-256 biwsbj11LHI9bm9uY2U=\r\n", "235 in\r\n"}}, OutcomeClass::Transient},
       }) {
    CAPTURE(row.name);
    settings.tls = row.tls;
    settings.login->client_nonce = "nonce";
    const auto bad = converse(settings, row.turns, {mail()});
    CHECK(bad.told);
    CHECK(bad.closed->klass == row.klass);
    CHECK(bad.outcomes.empty());
  }
}

TEST_CASE("broken and unfriendly peers") {
  struct Row { std::string_view name; std::vector<Turn> turns; OutcomeClass klass; };
  const std::string_view mail_group = "MAIL FROM:<s@here.example> SIZE=14\r\nRCPT TO:<a@far.example>\r\nDATA\r\n";
  const std::string long_line = "220 " + std::string(5000, 'x');
  std::string many = "";
  for (int i = 0; i < 200; ++i) many += "220-x\r\n";
  for (const Row& row : {
           Row{"turned away", {{"", "554 go away\r\n"}}, OutcomeClass::Refused},
           Row{"busy", {{"", "421 busy\r\n"}}, OutcomeClass::Transient},
           Row{"silent", {}, OutcomeClass::NoAnswer},
           Row{"not SMTP", {{"", "SSH-2.0-OpenSSH\r\n"}}, OutcomeClass::NoAnswer},
           Row{"codes differ", {{"", "220-x\r\n250 y\r\n"}}, OutcomeClass::NoAnswer},
           Row{"a line without end", {{"", long_line}}, OutcomeClass::NoAnswer},
           Row{"lines without end", {{"", many}}, OutcomeClass::NoAnswer},
           Row{"both refused", {{"", "220 x\r\n"}, {ehlo, "550 no\r\n"}, {"HELO mx.here.example\r\n", "550 no\r\n"}}, OutcomeClass::Refused},
           Row{"speaks twice", {{"", "220 x\r\n"}, {ehlo, "250 x\r\n250 y\r\n"}}, OutcomeClass::NoAnswer},
           Row{"lost at RCPT", {{"", "220 x\r\n"}, {ehlo, all}, {mail_group, "250 ok\r\n"}}, OutcomeClass::NoAnswer},
           Row{"lost at the end of the text", {{"", "220 x\r\n"}, {ehlo, all}, {mail_group, "250 ok\r\n250 ok\r\n354 go\r\n"}}, OutcomeClass::NoAnswer},
           Row{"closing at DATA", {{"", "220 x\r\n"}, {ehlo, all}, {mail_group, "250 ok\r\n250 ok\r\n421 4.3.2 closing\r\n"}}, OutcomeClass::Transient},
           Row{"250 to DATA", {{"", "220 x\r\n"}, {ehlo, all}, {mail_group, "250 ok\r\n250 ok\r\n250 ok\r\n"}}, OutcomeClass::NoAnswer},
           Row{"354 to MAIL", {{"", "220 x\r\n"}, {ehlo, all}, {mail_group, "354 go\r\n250 ok\r\n503 no\r\n"}, {"QUIT\r\n", ""}}, OutcomeClass::NoAnswer},
       }) {
    CAPTURE(row.name);
    const auto run = converse(plain, row.turns, {mail()});
    CHECK(run.told);
    REQUIRE(run.closed);
    if (run.outcomes.empty()) {
      CHECK(run.closed->klass == row.klass);
    } else {
      CHECK(run.outcomes[0][0].klass == row.klass);
    }
  }
}

TEST_CASE("our client talks with our server") {
  struct Row { Role role; ClientProtocol protocol; TlsUse tls; Chunking chunking; bool login; };
  for (const Row& row : {Row{Role::Relay, ClientProtocol::Smtp, TlsUse::Opportunistic, Chunking::WhenOffered, false},
                         Row{Role::Relay, ClientProtocol::Smtp, TlsUse::Never, Chunking::Never, false},
                         Row{Role::Lmtp, ClientProtocol::Lmtp, TlsUse::Never, Chunking::Never, false},
                         Row{Role::Submission, ClientProtocol::Smtp, TlsUse::Required, Chunking::Never, true}}) {
    auto config = test_config();
    config.role = row.role;
    ScriptedWorld world(config);
    ClientSettings settings{.our_name = "c.example", .protocol = row.protocol, .tls = row.tls, .chunking = row.chunking};
    if (row.login) settings.login = sasl::ClientContext{.user = "u", .password = "p", .client_nonce = "clientnonce"};
    ClientConversation talk(settings);
    OutgoingMessage message{.reverse_path = {{"s", "far.example"}}, .size = text.size()};
    for (const auto* local_part : {"u", "nobody", "v"}) message.recipients.push_back({{local_part, "here.example"}, "", {}});
    talk.receive(world.run());
    int delivered = 0;
    for (bool over = false; !over;) {
      ClientStep step = talk.next();
      if (auto* send = std::get_if<client::Send>(&step)) talk.receive(world.say(send->bytes));
      if (std::holds_alternative<client::StartTls>(step)) talk.tls_started({sasl::ChannelBinding{.data = std::string(32, 'x')}});
      if (std::holds_alternative<client::NeedContent>(step)) talk.content(text);
      if (std::holds_alternative<client::Ready>(step)) {
        if (delivered++ < 2) talk.deliver(message);
        else talk.quit();
      }
      if (auto* outcome = std::get_if<client::Outcome>(&step)) {
        CHECK(outcome->recipients[0].klass == OutcomeClass::Accepted);
        CHECK(outcome->recipients[1].klass == OutcomeClass::Refused);
        CHECK(outcome->recipients[2].klass == OutcomeClass::Accepted);
      }
      over = std::holds_alternative<client::Closed>(step) || std::holds_alternative<client::NeedInput>(step);
      if (over) CHECK(std::holds_alternative<client::Closed>(step));
    }
    REQUIRE(world.messages.size() == 2);
    CHECK(world.messages[0].text == text);
    if (row.tls != TlsUse::Never) CHECK(world.tls_handshakes == 1);
    if (row.login) CHECK(world.messages[0].envelope.account == "u");
  }
}

TEST_CASE("only the mechanism that was asked for is used") {
  ClientSettings settings{.our_name = "mx.here.example", .tls = TlsUse::Implicit, .login = sasl::ClientContext{.user = "u", .password = "p"}};
  settings.mechanism = "LOGIN";
  auto run = converse(settings, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH PLAIN LOGIN\r\n"}, {"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"},
                                 {"dQ==\r\n", "334 UGFzc3dvcmQ6\r\n"}, {"cA==\r\n", "235 in\r\n"}, {"QUIT\r\n", "221\r\n"}}, {});
  CHECK(run.told);
  CHECK(run.closed->klass == OutcomeClass::Accepted);
  settings.mechanism = "SCRAM-SHA-256";
  run = converse(settings, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n"}}, {});
  CHECK(run.told);
  CHECK(run.closed->klass == OutcomeClass::Transient);
}

TEST_CASE("XOAUTH2 shows the token once, under TLS only") {
  ClientSettings settings{.our_name = "mx.here.example", .tls = TlsUse::Implicit, .login = sasl::ClientContext{.user = "u@x", .password = "token"},
                          .mechanism = "XOAUTH2"};
  constexpr std::string_view auth = "AUTH XOAUTH2 dXNlcj11QHgBYXV0aD1CZWFyZXIgdG9rZW4BAQ==\r\n";
  auto run = converse(settings, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH XOAUTH2\r\n"}, {auth, "235 in\r\n"}, {"QUIT\r\n", "221\r\n"}}, {});
  CHECK(run.told);
  CHECK(run.closed->klass == OutcomeClass::Accepted);
  run = converse(settings, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH XOAUTH2\r\n"}, {auth, "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n"}, {"\r\n", "535 5.7.8 no\r\n"}}, {});
  CHECK(run.told);
  CHECK(run.closed->klass == OutcomeClass::Transient);
  CHECK(run.closed->reply.code == 535);
  settings.tls = TlsUse::Never;
  run = converse(settings, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH XOAUTH2\r\n"}}, {});
  CHECK(run.closed->klass == OutcomeClass::Transient);
  settings.tls = TlsUse::Implicit;
  run = converse(settings, {{"", "220 x\r\n"}, {ehlo, "250-x\r\n250 AUTH PLAIN\r\n"}}, {});
  CHECK(run.closed->klass == OutcomeClass::Transient);
}

TEST_CASE("what the peer cannot carry is refused before it is sent") {
  struct Row { BodyType type; std::string_view offers, mail; bool null_sender = false; };
  for (const auto& row : {Row{BodyType::BinaryMime, "250-x\r\n250-CHUNKING\r\n250 BINARYMIME\r\n", "MAIL FROM:<s@here.example> BODY=BINARYMIME\r\n"},
                          Row{BodyType::BinaryMime, "250-x\r\n250-8BITMIME\r\n250 BINARYMIME\r\n", ""},
                          Row{BodyType::BinaryMime, "250-x\r\n250-8BITMIME\r\n250 CHUNKING\r\n", ""},
                          Row{BodyType::EightBitMime, "250-x\r\n250 8BITMIME\r\n", "MAIL FROM:<s@here.example> BODY=8BITMIME\r\n"},
                          Row{BodyType::EightBitMime, "250 x\r\n", ""},
                          Row{BodyType::EightBitMime, "250 x\r\n", "MAIL FROM:<>\r\n", true},
                          Row{BodyType::SevenBit, "250 x\r\n", "MAIL FROM:<s@here.example>\r\n"}}) {
    auto message = mail();
    message.body_type = row.type;
    if (row.null_sender) message.reverse_path = {};
    std::vector<Turn> turns{{"", "220 x\r\n"}, {ehlo, row.offers}};
    if (row.mail.empty()) turns.push_back({"QUIT\r\n", "221\r\n"});
    else turns.insert(turns.end(), {{row.mail, "550 5.7.1 no\r\n"}, {"QUIT\r\n", "221\r\n"}});
    const auto run = converse(plain, turns, {message});
    CHECK_MESSAGE(run.told, row.offers);
    REQUIRE(run.outcomes.size() == 1);
    CHECK(run.outcomes[0][0].klass == OutcomeClass::Refused);
    CHECK(run.outcomes[0][0].said_by_peer == !row.mail.empty());
  }
}

TEST_CASE("smtp client: who overhears the talk learns no password and no text") {
  ClientSettings settings;
  settings.our_name = "our.example";
  settings.tls = TlsUse::Implicit;
  settings.login = sasl::ClientContext{.user = "ann", .password = "secret horse", .client_nonce = "abcdefghijkl"};
  std::vector<std::string> heard;
  ClientConversation talk(settings);
  talk.overhear([&heard](Speaker who, std::string_view line) { heard.push_back((who == Speaker::Client ? "C: " : "S: ") + std::string(line)); });
  talk.receive("220 peer.example\r\n");
  (void)talk.next();
  talk.receive("250-peer.example\r\n250 AUTH LOGIN\r\n");
  (void)talk.next();
  talk.receive("334 VXNlcm5hbWU6\r\n");
  (void)talk.next();
  talk.receive("334 UGFzc3dvcmQ6\r\n");
  (void)talk.next();
  talk.receive("235 2.7.0 Welcome\r\n");
  REQUIRE(std::holds_alternative<client::Ready>(talk.next()));
  OutgoingMessage message;
  message.reverse_path.address = {"ann", "our.example"};
  message.recipients.push_back({{"bob", "peer.example"}, "", {}});
  message.size = 14;
  talk.deliver(message);
  for (const auto* reply : {"250 2.1.0 Ok\r\n", "250 2.1.5 Ok\r\n", "354 Go on\r\n"}) {
    (void)talk.next();
    talk.receive(reply);
  }
  while (!std::holds_alternative<client::NeedContent>(talk.next())) {
  }
  talk.content("secret text\r\n.");
  std::string told;
  for (const auto& line : heard) told += line + "\n";
  for (const auto* line : {"S: 220 peer.example\n", "C: EHLO our.example\n", "C: AUTH LOGIN\n", "S: 334 (challenge)\nC: (response)\n", "S: 235 2.7.0 Welcome\n",
                           "C: MAIL FROM:<ann@our.example>", "C: RCPT TO:<bob@peer.example>", "C: DATA\n", "S: 354 Go on\n"})
    CHECK_MESSAGE(told.contains(line), line << " in " << told);
  for (const auto* hidden : {"secret", "c2VjcmV0IGhvcnNl", "YW5u", "VXNlcm5hbWU6"}) CHECK_MESSAGE(!told.contains(hidden), hidden << " in " << told);
}

TEST_CASE("REQUIRETLS is said under TLS to a peer that offers it; else the sender is told, but an error mail goes") {
  struct Row { TlsUse tls; std::string_view offers, mail, status; bool null_sender = false; };
  for (const auto& row : {Row{TlsUse::Implicit, "250-x\r\n250 REQUIRETLS\r\n", "MAIL FROM:<s@here.example> REQUIRETLS\r\n", ""},
                          Row{TlsUse::Implicit, "250 x\r\n", "", "5.7.30"}, Row{TlsUse::Never, "250-x\r\n250 REQUIRETLS\r\n", "", "5.7.10"},
                          Row{TlsUse::Implicit, "250-x\r\n250 REQUIRETLS\r\n", "MAIL FROM:<> REQUIRETLS\r\n", "", true},
                          Row{TlsUse::Implicit, "250 x\r\n", "MAIL FROM:<>\r\n", "", true}, Row{TlsUse::Never, "250-x\r\n250 REQUIRETLS\r\n", "MAIL FROM:<>\r\n", "", true}}) {
    auto message = mail();
    message.require_tls = true;
    if (row.null_sender) message.reverse_path = {};
    auto settings = plain;
    settings.tls = row.tls;
    std::vector<Turn> turns{{"", "220 x\r\n"}, {ehlo, row.offers}};
    if (row.mail.empty()) turns.push_back({"QUIT\r\n", "221\r\n"});
    else turns.insert(turns.end(), {{row.mail, "550 5.7.1 no\r\n"}, {"QUIT\r\n", "221\r\n"}});
    const auto run = converse(settings, turns, {message});
    CHECK_MESSAGE(run.told, row.offers);
    REQUIRE(run.outcomes.size() == 1);
    CHECK(run.outcomes[0][0].klass == OutcomeClass::Refused);
    if (row.mail.empty()) CHECK(run.outcomes[0][0].reply.enhanced.text() == row.status);
  }
}

TEST_CASE("a peer is told of priority and time as far as it offers to know of them, and kept from what it cannot keep to") {
  const std::string knows = "250-far.example\r\n250-MT-PRIORITY MIXER\r\n250-DSN\r\n250 DELIVERBY 60,later\r\n", dsn = "250-far.example\r\n250 DSN\r\n";
  auto message = mail();
  message.priority = -4;
  message.by = ByRequest{120, ByMode::Return, true};
  const auto talk = [&](std::string_view offers, std::string_view want_mail, std::string_view want_rcpt) {
    return converse(plain, {{"", "220 far.example\r\n"}, {ehlo, offers}, {want_mail, "250 ok\r\n"}, {want_rcpt, "550 no\r\n"}, {"QUIT\r\n", "221 bye\r\n"}}, {message});
  };
  CHECK(talk(knows, "MAIL FROM:<s@here.example> MT-PRIORITY=-4 BY=120;RT\r\n", "RCPT TO:<a@far.example>\r\n").told);
  message.by = ByRequest{-3, ByMode::Notify, false};
  CHECK(talk(knows, "MAIL FROM:<s@here.example> MT-PRIORITY=-4 BY=-3;N\r\n", "RCPT TO:<a@far.example>\r\n").told);
  CHECK(talk(dsn, "MAIL FROM:<s@here.example>\r\n", "RCPT TO:<a@far.example>\r\n").told);
  message.by->seconds = 9;
  message.recipients[0].notify.success = true;
  CHECK(talk(dsn, "MAIL FROM:<s@here.example>\r\n", "RCPT TO:<a@far.example> NOTIFY=SUCCESS,DELAY\r\n").told);
  message.recipients[0].notify = {.never = true};
  CHECK(talk(dsn, "MAIL FROM:<s@here.example>\r\n", "RCPT TO:<a@far.example> NOTIFY=NEVER\r\n").told);

  struct Row { std::string_view offers; std::int32_t seconds; EnhancedCode want; };
  for (const auto& [offers, seconds, want] : {Row{dsn, 100, {5, 3, 3}}, Row{knows, 59, {5, 4, 7}}, Row{knows, 0, {5, 4, 7}}, Row{dsn, -1, {5, 4, 7}}}) {
    message.by = ByRequest{seconds, ByMode::Return, false};
    const auto run = converse(plain, {{"", "220 far.example\r\n"}, {ehlo, offers}, {"QUIT\r\n", "221 bye\r\n"}}, {message});
    CHECK(run.told);
    REQUIRE(run.outcomes.size() == 1);
    CHECK(run.outcomes[0][0].reply.enhanced == want);
    CHECK(!run.outcomes[0][0].said_by_peer);
  }
}
