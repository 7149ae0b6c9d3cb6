#include <doctest/doctest.h>

#include "base/cursor.h"
#include "protocol/pop3/session.h"

using namespace hikyaku;
using namespace hikyaku::pop3;

namespace {
// A maildrop in memory that answers the session's questions.
struct MemoryDrop {
  std::vector<std::string> messages;
  std::vector<std::uint32_t> deleted;
  Trouble trouble{};
  bool broken = false;      // answers everything but OpenDrop with `trouble`
  bool unopenable = false;
  std::uint32_t break_after_reads = ~0U;

  Answer answer(const Request& request) {
    if (std::holds_alternative<OpenDrop>(request)) {
      if (unopenable) return Trouble::Temporary;
      Drop drop;
      for (const auto& message : messages) drop.octets.push_back(static_cast<std::uint32_t>(message.size()));
      return drop;
    }
    if (broken) return trouble;
    if (const auto* wanted = std::get_if<ReadUidls>(&request)) {
      Uidls uidls;
      for (std::uint32_t i = 0; i < wanted->count; ++i) uidls.uidls.push_back("u" + std::to_string(wanted->first + i + 1));
      return uidls;
    }
    if (const auto* wanted = std::get_if<ReadBody>(&request)) {
      if (break_after_reads-- == 0) return Trouble::Temporary;
      return Body{messages[wanted->message].substr(std::min<std::size_t>(wanted->offset, messages[wanted->message].size()), wanted->octets)};
    }
    deleted = std::get<Delete>(request).messages;
    return Deleted{};
  }
};

// Drives the session over the whole input, `piece` octets at a time; what it said, and "(closed)" when it hung up.
std::string talk(MemoryDrop& drop, std::string_view input, SessionLimits limits = {}, std::size_t piece = 1'000'000) {
  Session session("", limits);
  std::string said;
  for (;;) {
    auto step = session.next();
    if (auto* send = std::get_if<Send>(&step)) {
      said += send->octets;
    } else if (auto* ask = std::get_if<Ask>(&step)) {
      session.answer(drop.answer(ask->request));
    } else if (std::holds_alternative<Close>(step)) {
      return said + "(closed)";
    } else {
      if (input.empty()) return said;
      session.receive(input.substr(0, piece));
      input.remove_prefix(std::min(piece, input.size()));
    }
  }
}

const std::string first = "Subject: a\r\n\r\n.dot\r\n..two\r\nlast\r\n", second = "Subject: b\r\n\r\nno line end";
}  // namespace

TEST_CASE("pop3 session: commands of RFC 1939") {
  struct Row {
    const char *input, *want;
  };
  const Row rows[] = {
      {"", "+OK Logged in\r\n"},
      {"STAT\r\n", "+OK 2 58\r\n"},
      {"LIST\r\n", "+OK Scan listing follows\r\n1 33\r\n2 25\r\n.\r\n"},
      {"LIST 2\r\n", "+OK 2 25\r\n"},
      {"UIDL\r\n", "+OK Unique-id listing follows\r\n1 u1\r\n2 u2\r\n.\r\n"},
      {"uidl 2\r\n", "+OK 2 u2\r\n"},
      {"RETR 1\r\n", "+OK 33 octets\r\nSubject: a\r\n\r\n..dot\r\n...two\r\nlast\r\n.\r\n"},
      {"RETR 2\r\n", "+OK 25 octets\r\nSubject: b\r\n\r\nno line end\r\n.\r\n"},
      {"TOP 1 0\r\n", "+OK Top of message follows\r\nSubject: a\r\n\r\n.\r\n"},
      {"TOP 1 1\r\n", "+OK Top of message follows\r\nSubject: a\r\n\r\n..dot\r\n.\r\n"},
      {"TOP 1 99999999999\r\n", "+OK Top of message follows\r\nSubject: a\r\n\r\n..dot\r\n...two\r\nlast\r\n.\r\n"},
      {"TOP 1 99\r\n", "+OK Top of message follows\r\nSubject: a\r\n\r\n..dot\r\n...two\r\nlast\r\n.\r\n"},
      {"NOOP\r\n", "+OK\r\n"},
      {"DELE 1\r\nSTAT\r\nLIST\r\nRSET\r\nSTAT\r\n",
       "+OK Marked\r\n+OK 1 25\r\n+OK Scan listing follows\r\n2 25\r\n.\r\n+OK Nothing is marked\r\n+OK 2 58\r\n"},
      {"DELE 1\r\nUIDL\r\n", "+OK Marked\r\n+OK Unique-id listing follows\r\n2 u2\r\n.\r\n"},
      {"QUIT\r\nNOOP\r\n", "+OK Bye\r\n(closed)"},
      // refused
      {"DELE 1\r\nDELE 1\r\n", "+OK Marked\r\n-ERR That message is marked as deleted\r\n"},
      {"DELE 1\r\nRETR 1\r\nTOP 1 1\r\nUIDL 1\r\nLIST 1\r\n",
       "+OK Marked\r\n-ERR That message is marked as deleted\r\n-ERR That message is marked as deleted\r\n"
       "-ERR That message is marked as deleted\r\n-ERR That message is marked as deleted\r\n"},
      {"RETR 0\r\n", "-ERR No such message\r\n"},
      {"RETR 3\r\n", "-ERR No such message\r\n"},
      {"RETR\r\n", "-ERR That is no message number\r\n"},
      {"RETR -1\r\n", "-ERR That is no message number\r\n"},
      {"RETR 1x\r\n", "-ERR That is no message number\r\n"},
      {"RETR 99999999999999999999\r\n", "-ERR That is no message number\r\n"},
      {"DELE\r\n", "-ERR That is no message number\r\n"},
      {"TOP 1\r\n", "-ERR TOP wants a message and a number of lines\r\n"},
      {"TOP 1 x\r\n", "-ERR TOP wants a message and a number of lines\r\n"},
      {"TOP 9 1\r\n", "-ERR No such message\r\n"},
      {"\r\n", "-ERR Unknown command\r\n"},
      {"USER a\r\n", "-ERR Unknown command\r\n"},
      {"STLS\r\n", "-ERR Unknown command\r\n"},
  };
  for (const auto& row : rows) {
    INFO(std::string(row.input));
    const std::string greeting = *row.input != 0 ? "+OK Logged in\r\n" : "";
    for (const std::size_t piece : {1UL, 3UL, 1000UL}) {
      MemoryDrop drop{{first, second}};
      CHECK(talk(drop, row.input, {}, piece) == greeting + row.want);
    }
    // A body in pieces of any size is the same.
    for (std::uint32_t piece = 1; piece < 40; ++piece) {
      MemoryDrop drop{{first, second}};
      CHECK(talk(drop, row.input, {.read_octets = piece, .uidls_at_once = 1}) == greeting + row.want);
    }
  }
}

TEST_CASE("pop3 session: capabilities") {
  MemoryDrop drop;
  const auto said = talk(drop, "CAPA\r\n");
  for (const char* wanted : {"\r\nTOP\r\n", "\r\nUIDL\r\n", "\r\nPIPELINING\r\n", "\r\nEXPIRE NEVER\r\n", "\r\nRESP-CODES\r\n"})
    CHECK(said.contains(wanted));
  CHECK(!said.contains("STLS"));
  CHECK(!said.contains("SASL"));
  CHECK(!said.contains("\r\nUSER\r\n"));  // only "UTF8 USER" (RFC 6856 §2), which both states announce
}

TEST_CASE("pop3 session: only QUIT deletes, all at once") {
  MemoryDrop drop{{first, second, first}};
  CHECK(talk(drop, "DELE 1\r\nDELE 3\r\n").ends_with("+OK Marked\r\n"));
  CHECK(drop.deleted.empty());
  CHECK(talk(drop, "DELE 1\r\nDELE 3\r\nQUIT\r\n").ends_with("+OK Bye\r\n(closed)"));
  CHECK(drop.deleted == std::vector<std::uint32_t>{0, 2});
  MemoryDrop broken{.messages = {first}, .trouble = Trouble::Temporary, .broken = true};
  CHECK(talk(broken, "DELE 1\r\nQUIT\r\n").ends_with("-ERR [SYS/TEMP] Nothing was deleted\r\n(closed)"));
  Session ended("DELE 1\r\nQUIT\r\n");
  ended.end();
  CHECK(std::holds_alternative<Close>(ended.next()));
}

TEST_CASE("pop3 session: troubles of the store") {
  MemoryDrop unopenable{.messages = {first}, .unopenable = true};
  CHECK(talk(unopenable, "STAT\r\n") == "-ERR [SYS/TEMP] The mailbox cannot be opened now\r\n(closed)");
  MemoryDrop gone{.messages = {first}, .trouble = Trouble::Gone, .broken = true};
  CHECK(talk(gone, "RETR 1\r\nTOP 1 1\r\nUIDL 1\r\n") ==
        "+OK Logged in\r\n-ERR That message is gone\r\n-ERR That message is gone\r\n-ERR That message is gone\r\n");
  // A message cut short must not look whole: the connection ends without the final dot.
  MemoryDrop cut{.messages = {std::string(100, 'x')}, .break_after_reads = 1};
  const auto said = talk(cut, "RETR 1\r\nNOOP\r\n", {.read_octets = 10});
  CHECK(said == "+OK Logged in\r\n+OK 100 octets\r\nxxxxxxxxxx(closed)");
}

TEST_CASE("pop3 session: limits, and line ends in messages") {
  MemoryDrop drop{{"a: b\n\n.\nx\n.\r\n"}};
  CHECK(talk(drop, "RETR 1\r\n").ends_with("octets\r\na: b\n\n..\nx\n..\r\n.\r\n"));
  CHECK(talk(drop, std::string(300, 'x') + "\r\nNOOP\r\n") == "+OK Logged in\r\n-ERR Line too long\r\n+OK\r\n");
  CHECK(talk(drop, "x\r\nx\r\nx\r\nNOOP\r\n", {.errors = 2}).ends_with("-ERR Unknown command\r\n(closed)"));
  MemoryDrop empty{{""}};
  CHECK(talk(empty, "RETR 1\r\n") == "+OK Logged in\r\n+OK 0 octets\r\n.\r\n");
}
