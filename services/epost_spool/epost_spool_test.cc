#include <doctest/doctest.h>

#include "services/epost_spool/message_text.h"
#include "services/epost_spool/rcp.h"

using namespace hikyaku;
using namespace hikyaku::epost_spool;

TEST_CASE("an envelope file is read as E-Post writes it, and not guessed at when it is damaged") {
  const auto good = parse_rcp("Message-ID: <B0000123456@mx.example.jp>\r\nReturn-path: alice@example.jp\r\n"
                              "Recipient: bob@example.net\r\nRecipient: carol@example.org\r\nRecipient: bob@example.net\r\n");
  REQUIRE(good);
  CHECK(good->message_id == "<B0000123456@mx.example.jp>");
  CHECK(good->reverse_path.text() == "alice@example.jp");
  CHECK(good->recipients == std::vector<Address>{{"bob", "example.net"}, {"carol", "example.org"}});
  for (const char* null_sender : {"Return-path:\nRecipient: a@b.jp", "return-PATH: <>\r\nRECIPIENT: <a@b.jp>\r\n\r\nX-New: 1\r\n"}) {
    const auto envelope = parse_rcp(null_sender);
    REQUIRE(envelope);
    CHECK(envelope->reverse_path.is_null());
    CHECK(envelope->recipients.size() == 1);
  }
  struct Row { std::string text; std::size_t line; };
  const Row bad[] = {{"", 0}, {"Return-path: a@b.jp\r\n", 0}, {"Recipient: a@b.jp\r\n", 0},
                     {"Return-path: a@b.jp\r\nRecipient: nobody\r\n", 2}, {"Return-path: a b\r\nRecipient: a@b.jp\r\n", 1},
                     {"Return-path: a@b.jp\r\nRecipient: a@b.jp\r\nRecipi", 3}, {"Return-path: a@b.jp\nReturn-path: c@d.jp\nRecipient: a@b.jp", 2},
                     {std::string("Return-path: a@b.jp\r\nRecipient: a@b.jp\0\r\n", 42), 2}, {std::string(512, '\0'), 1},
                     {"Return-path: a@b.jp\r\nRecipient: " + std::string(3'000, 'x') + "@b.jp", 2},
                     {"Return-path: a@b.jp\r\nRecipient: \x83\x41@b.jp\r\n", 2}};
  for (const auto& row : bad) {
    const auto envelope = parse_rcp(row.text);
    REQUIRE_MESSAGE(!envelope, row.text);
    CHECK_MESSAGE(envelope.error().line == row.line, row.text);
  }
}

TEST_CASE("the recipients of a temporary, and a domain's retry data") {
  CHECK(parse_recipient_list("a@b.jp\r\n<c@d.jp>\r\nRecipient: e@f.jp\r\n")->size() == 3);
  for (const char* bad : {"", "\r\n", "Message-ID: x\r\n", "250 OK\r\n", "a@b.jp\r\ndone\r\n"}) CHECK(!parse_recipient_list(bad));
  const DomainRetry retry{"mail.example.net", 4245482927, 3, 451};
  CHECK(parse_domain_mri("Domain-name: mail.example.net\r\nLast-tried: 4245482927\r\nTry-number: 3\r\nErr-code: 451\r\n") == retry);
  CHECK(parse_domain_mri(print_domain_mri(retry)) == retry);
  for (const char* bad : {"", "Try-number: 3\r\n", "Domain-name: a\r\nTry-number: three\r\n", "Domain-name: a\r\nErr-code: 4511111111111\r\n"})
    CHECK(!parse_domain_mri(bad));
}

TEST_CASE("a message file becomes text with CRLF ends; dots go where the file is stuffed") {
  struct Row { std::string file; Dots dots; std::string text; };
  const Row rows[] = {{"a\r\nb\r\n", Dots::Plain, "a\r\nb\r\n"},      {"a\nb", Dots::Plain, "a\r\nb\r\n"},
                      {"a\rb\r\r\n", Dots::Plain, "a\r\nb\r\n\r\n"},  {".a\r\n.\r\n", Dots::Plain, ".a\r\n.\r\n"},
                      {"a\r\n.\r\nb\r\n", Dots::Plain, "a\r\n.\r\nb\r\n"}, {"a\r\n.\r\nb\r\n.\r\n", Dots::Plain, "a\r\n.\r\nb\r\n.\r\n"},
                      {"a\r\n.\r\n", Dots::Stuffed, "a\r\n"},         {"..a\r\nb\r\n.\r\n", Dots::Stuffed, ".a\r\nb\r\n"},
                      {"a\n.", Dots::Stuffed, "a\r\n"},               {"...\r\n.\r\n", Dots::Stuffed, "..\r\n"}, {"", Dots::Plain, ""}};
  for (const auto& row : rows) {
    DotsFinder finder;
    finder.add(row.file);
    CHECK_MESSAGE(finder.dots() == row.dots, row.file);
    TextReader reader(row.dots);
    std::string text;
    reader.add(row.file, text);
    reader.finish(text);
    CHECK_MESSAGE(text == row.text, row.file);
    CHECK(!reader.goes_on_after_end());
  }
  TextReader two(Dots::Stuffed);
  std::string text;
  two.add("a\r\n.\r\nMAIL FROM:<b>\r\n", text);
  CHECK(two.goes_on_after_end());
}
