#include "protocol/clamd/reply.h"

#include <doctest/doctest.h>

#include "protocol/clamd/command.h"

using namespace hikyaku::clamd;

TEST_CASE("clamd: the answers to a scan") {
  struct Row {
    std::string_view text;
    Verdict verdict;
    std::string_view name;
  };
  for (const auto& row : {Row{"stream: OK", Verdict::Clean, ""}, Row{"stream: Eicar-Signature FOUND", Verdict::Infected, "Eicar-Signature"},
                          Row{"stream: Win.Test.EICAR_HDB-1(44d88612fea8a8f36de82e1278abb02f:68) FOUND", Verdict::Infected, "Win.Test.EICAR_HDB-1(44d88612fea8a8f36de82e1278abb02f:68)"},
                          Row{"stream: a b\r\nc FOUND", Verdict::Infected, "a_b??c"}, Row{"stream: OK FOUND", Verdict::Infected, "OK"},
                          Row{"INSTREAM size limit exceeded. ERROR", Verdict::TooLarge, ""},
                          // Nothing but the one sentence is clean.
                          Row{"", Verdict::Failed, ""}, Row{"OK", Verdict::Failed, ""}, Row{"stream: ok", Verdict::Failed, ""}, Row{"stream: OK ", Verdict::Failed, ""},
                          Row{"stream: OK\r", Verdict::Failed, ""}, Row{" stream: OK", Verdict::Failed, ""}, Row{"1: stream: OK", Verdict::Failed, ""},
                          Row{"stream:  FOUND", Verdict::Failed, ""}, Row{"stream: FOUND", Verdict::Failed, ""}, Row{"Eicar FOUND", Verdict::Failed, ""},
                          Row{"stream: Eicar FOUNDED", Verdict::Failed, ""}, Row{"stream: Can't allocate memory ERROR", Verdict::Failed, ""},
                          Row{"COMMAND READ TIMED OUT", Verdict::Failed, ""}, Row{"UNKNOWN COMMAND", Verdict::Failed, ""}, Row{"220 mail.example ESMTP", Verdict::Failed, ""}}) {
    CAPTURE(row.text);
    const auto reply = parse_scan_reply(row.text);
    CHECK(reply.verdict == row.verdict);
    CHECK(reply.name == row.name);
    CHECK(reply.words.empty() == (row.verdict != Verdict::Failed));
  }
  CHECK(parse_scan_reply("stream: " + std::string(3'000, 'x') + " FOUND").name.size() == longest_name);
}

TEST_CASE("clamd: a reply comes in pieces and ends with NUL, a line end, or too much") {
  const std::string whole("stream: OK\0more", 15);
  for (std::size_t cut = 0; cut < 10; ++cut) {
    ReplyReader reader;
    CHECK_FALSE(reader.receive(std::string_view(whole).substr(0, cut)));
    CHECK(reader.receive(std::string_view(whole).substr(cut)));
    CHECK(reader.text() == "stream: OK");
  }
  ReplyReader line;
  CHECK(line.receive("UNKNOWN COMMAND\n"));
  CHECK(line.text() == "UNKNOWN COMMAND");
  ReplyReader endless;
  CHECK_FALSE(endless.receive(std::string(longest_reply - 1, 'x')));
  CHECK(endless.receive("xyz"));
  CHECK(endless.text().size() == longest_reply);
}

TEST_CASE("clamd: the version") {
  const auto full = parse_version("ClamAV 1.4.6/27432/Sun Nov 22 09:30:00 2026");
  REQUIRE(full);
  CHECK(full->program == "ClamAV 1.4.6");
  CHECK(full->patterns == 27432);
  CHECK(parse_version("ClamAV 1.4.6")->patterns == 0);
  for (const char* bad : {"", "ClamAV", "clamav 1.4.6", "ClamAV 1.4.6/", "ClamAV 1.4.6/x", "ClamAV 1.4.6/12x", "ClamAV 1/99999999999/", "PONG"}) CHECK_MESSAGE(!parse_version(bad), bad);
}

TEST_CASE("clamd: a chunk's head is four octets in network order") {
  CHECK(chunk_head(0) == std::string(4, '\0'));
  CHECK(chunk_head(0x01020304) == "\x01\x02\x03\x04");
  CHECK(chunk_head(0xff00ff00) == std::string("\xff\x00\xff\x00", 4));
}
