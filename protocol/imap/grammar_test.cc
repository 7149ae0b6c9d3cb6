#include "protocol/imap/grammar.h"

#include <doctest/doctest.h>

#include "protocol/imap/fetch_items.h"
#include "protocol/imap/list_match.h"
#include "protocol/imap/mailbox_name.h"
#include "protocol/imap/print.h"
#include "protocol/imap/search_keys.h"
#include "protocol/imap/uid_map.h"

namespace hikyaku::imap {
namespace {

TEST_CASE("imap grammar: strings") {
  struct Row { std::string_view text; std::optional<std::string_view> want; };
  const Row rows[] = {
      {"abc", "abc"}, {"a]b", "a]b"}, {"\"a b\"", "a b"}, {"\"a\\\"\\\\\"", "a\"\\"}, {"{3}\r\na\nb", "a\nb"}, {"{0+}\r\n", ""},
      {"\"\"", ""}, {"\"日本\"", "日本"},
      {"", {}}, {"(", {}}, {"\"a", {}}, {"\"a\\b\"", {}}, {"\"a\r\n\"", {}}, {"\"\xff\"", {}}, {"{3}\r\nab", {}}, {"{3}abc", {}},
      {"{x}\r\n", {}}, {"{3-}\r\nabc", {}}, {std::string_view("{3}\r\na\0b", 8), {}}, {std::string_view("\"a\0\"", 4), {}},
      {"日本", {}}, {"%", {}}, {"*", {}}, {"\\x", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    Cursor in(row.text);
    const auto got = parse_astring(in);
    REQUIRE(got.has_value() == row.want.has_value());
    if (got) CHECK(*got == *row.want);
  }
}

TEST_CASE("imap grammar: sequence sets") {
  struct Row { std::string_view text; std::string_view want; };  // with "*" = 10; "" refused
  const Row rows[] = {
      {"1", "1"}, {"1:3", "1:3"}, {"3:1", "1:3"}, {"*", "10"}, {"8:*", "8:10"}, {"12:*", "10:12"}, {"1,2,3", "1:3"},
      {"5,1,3:4", "1,3:5"}, {"1:4,2:3", "1:4"}, {"4294967295", "4294967295"}, {"4294967294:4294967295", "4294967294:4294967295"},
      {"0", ""}, {"1:0", ""}, {"01", ""}, {"1:", ""}, {":1", ""}, {"1,", ""}, {",1", ""}, {"a", ""}, {"-1", ""}, {"4294967296", ""}, {"", ""}, {"1:2:3", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    Cursor in(row.text);
    const auto got = parse_sequence_set(in);
    const bool whole = got && in.at_end();
    REQUIRE(whole == !row.want.empty());
    if (!whole) continue;
    std::string text;
    print_number_set(text, NumberSet::resolve(*got, 10));
    CHECK(text == row.want);
  }
}

TEST_CASE("imap grammar: dates") {
  struct Row { std::string_view text, want; };
  const Row rows[] = {
      {"\"17-Jul-1996 02:44:25 -0700\"", "\"17-Jul-1996 09:44:25 +0000\""},
      {"\" 1-jan-2024 00:00:00 +0900\"", "\"31-Dec-2023 15:00:00 +0000\""},
      {"\"1-Jan-2024 00:00:00 +0000\"", "\"01-Jan-2024 00:00:00 +0000\""},
      {"\"29-Feb-2024 23:59:60 +0000\"", "\"01-Mar-2024 00:00:00 +0000\""},
      {"\"29-Feb-2023 00:00:00 +0000\"", ""}, {"\"00-Jan-2024 00:00:00 +0000\"", ""}, {"\"32-Jan-2024 00:00:00 +0000\"", ""},
      {"\"01-Foo-2024 00:00:00 +0000\"", ""}, {"\"01-Jan-2024 24:00:00 +0000\"", ""}, {"\"01-Jan-2024 00:60:00 +0000\"", ""},
      {"\"01-Jan-2024 00:00:00 0000\"", ""}, {"\"01-Jan-2024 00:00:00\"", ""}, {"\"01-Jan-24 00:00:00 +0000\"", ""},
      {"01-Jan-2024 00:00:00 +0000", ""}, {"\"01-Jan-2024 00:00:00 +0000", ""}, {"\"\"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    Cursor in(row.text);
    const auto got = parse_date_time(in);
    REQUIRE(got.has_value() == !row.want.empty());
    if (!got) continue;
    std::string text;
    print_date_time(text, *got, {});
    CHECK(text == row.want);
  }
}

TEST_CASE("imap dates are told in the zone given, and read in any") {
  Cursor in("\"31-Dec-2023 20:30:05 +0000\"");
  const auto when = parse_date_time(in);
  REQUIRE(when);
  using std::chrono::minutes;
  for (const auto& [zone, want] : {std::pair{minutes(540), "\"01-Jan-2024 05:30:05 +0900\""}, {minutes(-570), "\"31-Dec-2023 11:00:05 -0930\""},
                                   {minutes(0), "\"31-Dec-2023 20:30:05 +0000\""}, {minutes(345), "\"01-Jan-2024 02:15:05 +0545\""}}) {
    std::string text;
    print_date_time(text, *when, zone);
    CHECK(text == want);
    Cursor again(text);
    CHECK(parse_date_time(again) == when);
  }
}

TEST_CASE("imap mailbox names: modified UTF-7 both ways") {
  struct Row { std::string_view wire, name; };
  const Row good[] = {
      {"INBOX", "INBOX"}, {"&ZeVnLIqe-", "日本語"}, {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},
      {"a&-b", "a&b"}, {"&-", "&"}, {"&2D3eAA-", "😀"}, {"&AOk-t&AOk-", "été"},
  };
  for (const auto& row : good) {
    CAPTURE(row.wire);
    const auto name = from_modified_utf7(row.wire);
    REQUIRE(name.has_value());
    CHECK(*name == row.name);
    CHECK(to_modified_utf7(row.name) == row.wire);
  }
  for (const std::string_view bad : {"&", "a&b", "&Jjo", "&AGE-", "&2D0-", "&3gA-", "&A-", "&AOkA-", "&AOk-&AOk-", "&=-", "&A/-", "\xff"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_modified_utf7(bad).has_value());
  }
  CHECK(mailbox_from_wire("inbox/x", NameForm::ModifiedUtf7, '/') == "INBOX/x");
  CHECK(mailbox_from_wire("inboxes", NameForm::ModifiedUtf7, '/') == "inboxes");
  CHECK(mailbox_from_wire("a&b", NameForm::Utf8, '/') == "a&b");
  CHECK_FALSE(mailbox_from_wire("a\nb", NameForm::Utf8, '/').has_value());
}

TEST_CASE("imap LIST patterns") {
  struct Row { std::string_view pattern, name; bool want; };
  const Row rows[] = {
      {"*", "a/b", true}, {"%", "a", true}, {"%", "a/b", false}, {"a/%", "a/b", true}, {"a/%", "a/b/c", false}, {"*c", "a/b/c", true},
      {"%/%", "a/b", true}, {"%/%", "a/b/c", false}, {"", "", true}, {"", "a", false}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false},
      {"inb%", "INBOX", true}, {"inb%", "INBOX/x", false}, {"A", "a", false}, {"%%%%%%%%%%", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.name);
    CHECK(list_pattern_matches(row.pattern, row.name, '/') == row.want);
  }
}

TEST_CASE("imap FETCH arguments") {
  struct Row { std::string_view text, want; };  // labels; "" refused
  const Row rows[] = {
      {" 1 FLAGS", "FLAGS"}, {" 1 FAST", "FLAGS INTERNALDATE RFC822.SIZE"}, {" 1 ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"},
      {" 1 FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY"}, {" 1:* (uid body[])", "UID BODY[]"},
      {" 1 BODY.PEEK[header.fields (From \"to\")]<0.100>", "BODY[HEADER.FIELDS (From to)]<0>"},
      {" 1 BODY[1.2.HEADER.FIELDS.NOT (a)]", "BODY[1.2.HEADER.FIELDS.NOT (a)]"}, {" 1 BODY[2.MIME]", "BODY[2.MIME]"},
      {" 1 BODY[1.TEXT]<5.1>", "BODY[1.TEXT]<5>"}, {" 1 BINARY.SIZE[1]", "BINARY.SIZE[1]"}, {" 1 BINARY[]", "BINARY[]"},
      {" 1 (RFC822 RFC822.HEADER RFC822.TEXT)", "RFC822 RFC822.HEADER RFC822.TEXT"}, {" 1 FLAGS (CHANGEDSINCE 5)", "FLAGS"},
      {" 1 FLAGS (CHANGEDSINCE 0)", "FLAGS"}, {" 1 ( FLAGS  UID )", "FLAGS UID"},
      {"", ""}, {" 1", ""}, {" 1 ", ""}, {" 1 ()", ""}, {" 1 (FLAGS", ""}, {" 1 FLAGS)", ""}, {" 1 (FLAGS,UID)", ""}, {" 1 FLAGS UID", ""},
      {" 1 BODY[", ""}, {" 1 BODY[MIME]", ""}, {" 1 BODY[0]", ""}, {" 1 BODY[1.]", ""}, {" 1 BODY[1..2]", ""}, {" 1 BODY[HEADER.FIELDS]", ""},
      {" 1 BODY[HEADER.FIELDS ()]", ""}, {" 1 BODY[TEXT", ""}, {" 1 BODY[]<5>", ""}, {" 1 BODY[]<5.0>", ""}, {" 1 BODY[]<-1.5>", ""},
      {" 1 BINARY[HEADER]", ""}, {" 1 BODYSTRUCTURE[]", ""}, {" 1 (ALL)", ""}, {" 0 FLAGS", ""}, {" 1 ( )", ""},
      {" 1 FLAGS (CHANGEDSINCE -1)", ""}, {" 1 FLAGS (CHANGEDSINCE )", ""}, {" 1 FLAGS ()", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    Cursor in(row.text);
    const auto got = parse_fetch(in);
    REQUIRE(got.has_value() == !row.want.empty());
    if (!got) continue;
    std::string labels;
    for (const auto& item : got->items) labels += (labels.empty() ? "" : " ") + item.label;
    CHECK(labels == row.want);
  }
}

TEST_CASE("imap SEARCH programs") {
  for (const std::string_view good : {"ALL", "1:3,5 SEEN", "OR SEEN (FLAGGED UNSEEN)", "NOT NOT DRAFT", "UID 1:*", "$",
                                      "HEADER Message-ID \"<a@b>\"", "SINCE \"1-Feb-2024\"", "KEYWORD $Work UNKEYWORD x",
                                      "MODSEQ \"/flags/\\\\draft\" all 620162338", "YOUNGER 3600 LARGER 10"}) {
    CAPTURE(good);
    Cursor in(good);
    CHECK(parse_search_program(in, "UTF-8").has_value());
  }
  for (const std::string_view link : {"OR FROM a ", "OR (FROM a) (", "NOT ", "("}) {  // what mail programs make of a list of a hundred
    CAPTURE(link);
    std::string chain;
    for (int i = 0; i < 100; ++i) chain += link;
    chain += "SEEN";
    for (int i = 0; i < 100 && link.ends_with('('); ++i) chain += ')';
    Cursor in(chain);
    CHECK(parse_search_program(in, "UTF-8").has_value());
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "NOT ";
  std::string nested(100'000, '(');
  for (const std::string_view bad : {std::string_view(""), std::string_view("SEEN x"), std::string_view("SEEN,DELETED"), std::string_view("()"),
                                     std::string_view("(SEEN"), std::string_view("OR SEEN"), std::string_view("NOT"), std::string_view("UID"),
                                     std::string_view("HEADER a"), std::string_view("SINCE 2024"), std::string_view("LARGER -1"),
                                     std::string_view("UNALL"), std::string_view("KEYWORD \\Seen"), std::string_view("1:3:5"),
                                     std::string_view(deep), std::string_view(nested)}) {
    CAPTURE(bad.substr(0, 20));
    Cursor in(bad);
    CHECK_FALSE(parse_search_program(in, "UTF-8").has_value());
  }
}

TEST_CASE("imap UID map agrees with a plain vector") {
  std::uint32_t seed = 1;
  const auto random = [&](std::uint32_t below) { return (seed = seed * 1'664'525 + 1'013'904'223) / 65'536 % below; };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint32_t> model;
    UidMap map;
    std::uint32_t next = 1;
    for (int step = 0; step < 20; ++step) {
      if (random(2) == 0) {
        next += random(3);
        const auto count = 1 + random(6);
        map.append({next, next + count - 1});
        for (std::uint32_t i = 0; i < count; ++i) model.push_back(next++);
      } else {
        NumberSet gone;
        for (std::uint32_t i = 0; i < 4; ++i) gone.add(1 + random(next));
        std::vector<std::uint32_t> want;
        for (std::uint32_t i = 0; i < model.size();) {
          if (gone.contains(model[i])) {
            want.push_back(i + 1);
            model.erase(model.begin() + i);
          } else {
            ++i;
          }
        }
        CHECK(map.remove(gone) == want);
      }
      REQUIRE(map.size() == model.size());
      CHECK(map.all_uids().count() == model.size());
      for (std::uint32_t i = 0; i < model.size(); ++i) {
        REQUIRE(map.uid_of(i + 1) == model[i]);
        REQUIRE(map.number_of(model[i]) == i + 1);
      }
      CHECK(map.number_of(next + 5) == 0);
      CHECK(map.uid_of(0) == 0);
    }
  }
}

}  // namespace
}  // namespace hikyaku::imap
