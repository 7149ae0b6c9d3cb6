#include "protocol/imap/session.h"

#include <doctest/doctest.h>

#include "protocol/imap/test_client.h"

namespace hikyaku::imap {
namespace {

constexpr std::string_view talk_octets =
    "a SELECT INBOX\r\nb FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[1] BODY.PEEK[HEADER.FIELDS (Subject X)])\r\n"
    "c APPEND INBOX (\\Seen) {24+}\r\nSubject: x\r\n\r\n12345678\r\nc2 NOOP\r\n"
    "d SEARCH CHARSET UTF-8 SUBJECT {3+}\r\none\r\ne STORE 1 +FLAGS (\\Deleted k)\r\nf UID FETCH 1:* (BODY[]<3.10>)\r\n"
    "g APPEND INBOX {4+}\r\nabcd {3+}\r\nefg\r\nh EXPUNGE\r\ni IDLE\r\nDONE\r\nj COPY 1 INBOX\r\nk BOGUS {3+}\r\nabc x\r\n"
    "l SELECT INBOX {900000+}\r\n";

void fill(MemoryStore& store) {
  store.deliver("INBOX", "From: a@b\r\nSubject: one\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x--\r\n");
  store.deliver("INBOX", "From: a@b\r\nSubject: two\r\n\r\nText\r\n");
}

std::string run_talk(std::size_t piece) {
  ManualClock clock;
  MemoryStore store(clock);
  fill(store);
  SessionSettings settings;
  TestClient client(store, settings);
  for (std::size_t at = 0; at < talk_octets.size(); at += piece) client.send(talk_octets.substr(at, piece));
  return client.take_output();
}

TEST_CASE("imap session: any packet split gives the same talk") {
  const std::string whole = run_talk(talk_octets.size());
  CHECK(whole.contains("* 2 EXISTS"));
  CHECK(whole.contains("i OK Done"));
  for (std::size_t piece = 1; piece < 80; ++piece) {
    CAPTURE(piece);
    REQUIRE(run_talk(piece) == whole);
  }
}

TEST_CASE("imap session: a store in trouble gives NO and the session goes on") {
  ManualClock clock;
  MemoryStore store(clock);
  fill(store);
  SessionSettings settings;
  TestClient client(store, settings);
  client.command("a SELECT INBOX");
  for (const std::string_view line : {"b FETCH 1 FLAGS", "b SEARCH ALL", "b STORE 1 +FLAGS (x)", "b COPY 1 INBOX", "b MOVE 1 INBOX", "b EXPUNGE",
                                      "b LIST \"\" *", "b STATUS INBOX (MESSAGES)", "b CREATE x", "b DELETE x", "b RENAME x y",
                                      "b SUBSCRIBE x", "b CLOSE", "b GETQUOTA \"\"", "b APPEND INBOX {3+}\r\nabc"}) {
    CAPTURE(line);
    store.trouble = Trouble{TroubleKind::Unavailable, {}};
    CHECK(client.command(line).contains("b NO [UNAVAILABLE]"));
    store.trouble.reset();
    CHECK(client.command("c NOOP").ends_with("c OK Done\r\n"));
  }
  store.trouble = Trouble{TroubleKind::Gone, {}};
  CHECK(client.command("d NOOP").contains("d OK Done\r\n* BYE"));
  CHECK(client.closed());
}

TEST_CASE("imap session: large bodies are streamed in bounded pieces") {
  ManualClock clock;
  MemoryStore store(clock);
  const std::string body = "Subject: x\r\n\r\n" + std::string(3 << 20, 'y');
  store.deliver("INBOX", body);
  SessionSettings settings;
  MemoryStore::Connection connection(store);
  Session session(settings, {});
  session.receive("a SELECT INBOX\r\nb FETCH 1 (BODY[] BODY[TEXT])\r\n");
  std::size_t largest = 0, total = 0;
  for (bool running = true; running;) {
    Step step = session.next();
    if (auto* send = std::get_if<Send>(&step)) {
      largest = std::max(largest, send->octets.size());
      total += send->octets.size();
    } else if (auto* ask = std::get_if<Ask>(&step)) {
      session.answer(connection.carry_out(ask->request));
    } else {
      running = false;
    }
  }
  CHECK(total > 2 * body.size() - 100);
  CHECK(largest <= 96 << 10);
}

TEST_CASE("imap session: goodbye waits for the end of a command") {
  ManualClock clock;
  MemoryStore store(clock);
  SessionSettings settings;
  TestClient idle(store, settings);
  idle.command("a IDLE");
  idle.session().say_goodbye("Stopping");
  idle.run();
  CHECK(idle.take_output() == "a OK Done\r\n* BYE Stopping\r\n");
  CHECK(idle.closed());
}

TEST_CASE("imap session: BINARY of an unknown transfer encoding is NO [UNKNOWN-CTE]") {
  ManualClock clock;
  MemoryStore store(clock);
  store.deliver("INBOX", "Content-Type: application/x\r\nContent-Transfer-Encoding: x-odd\r\n\r\naGVs\r\n");
  store.deliver("INBOX", "Content-Type: text/plain\r\n\r\nhello\r\n");
  SessionSettings settings;
  TestClient client(store, settings);
  client.command("a SELECT INBOX");
  for (const std::string_view item : {"BINARY.PEEK[1]", "BINARY.SIZE[1]", "(UID BINARY.PEEK[1]<0.1>)"}) {
    const auto answer = client.command("b FETCH 1 " + std::string(item));
    CHECK_MESSAGE(answer.starts_with("b NO [UNKNOWN-CTE] "), answer);
  }
  CHECK(client.command("c FETCH 1:2 BINARY.SIZE[1]").starts_with("* 2 FETCH (BINARY.SIZE[1] 7)\r\nc NO [UNKNOWN-CTE] "));
  CHECK(client.command("d FETCH 1 BODY.PEEK[1]").ends_with("aGVs\r\n)\r\nd OK Done\r\n"));
}

TEST_CASE("imap session: message/global is a message in IMAP4rev2 alone") {
  ManualClock clock;
  MemoryStore store(clock);
  store.deliver("INBOX", "Content-Type: message/global\r\n\r\nSubject: inner\r\n\r\nx\r\n");
  SessionSettings settings;
  TestClient client(store, settings);
  client.command("a SELECT INBOX");
  CHECK(client.command("b FETCH 1 (BODY BODYSTRUCTURE)") ==
        "* 1 FETCH (BODY (\"message\" \"global\" NIL NIL NIL \"7bit\" 21) "
        "BODYSTRUCTURE (\"message\" \"global\" NIL NIL NIL \"7bit\" 21 NIL NIL NIL NIL))\r\nb OK Done\r\n");
  client.command("c ENABLE IMAP4rev2");
  CHECK(client.command("d FETCH 1 BODY").starts_with(
      "* 1 FETCH (BODY (\"message\" \"global\" NIL NIL NIL \"7bit\" 21 (NIL \"inner\" "));
}

TEST_CASE("imap session: BINARY decodes, and knows its size before") {
  ManualClock clock;
  MemoryStore store(clock);
  store.deliver("INBOX", "Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n");
  SessionSettings settings;
  TestClient client(store, settings);
  client.command("a SELECT INBOX");
  CHECK(client.command("b FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1] BINARY.PEEK[1]<1.3> BINARY.PEEK[2])") ==
        "* 1 FETCH (BINARY.SIZE[1] 5 BINARY[1] ~{5}\r\nhello BINARY[1]<1> ~{3}\r\nell BINARY[2] NIL)\r\nb OK Done\r\n");
}

}  // namespace
}  // namespace hikyaku::imap
