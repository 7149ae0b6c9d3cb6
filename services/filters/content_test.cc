#include "services/filters/content.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::filters;
using namespace hikyaku::directory;

namespace {

std::vector<std::string> found_in(std::vector<ContentRow> rows, std::string_view message) {
  const ContentTable table(std::move(rows));
  std::vector<std::string> names;
  for (const auto& found : table.inspect(message)) names.push_back(found.row->name);
  return names;
}
bool finds(ContentPart part, std::string_view pattern, std::string_view message, std::string_view field = "Subject") {
  return !found_in({{.name = "a", .part = part, .field = std::string(field), .pattern = std::string(pattern)}}, message).empty();
}

// Subject: 請求書のご案内 (ISO-2022-JP); body: 未承諾広告 (ISO-2022-JP); a file 請求書.exe by RFC 2047 and one by RFC 2231.
constexpr std::string_view japanese =
    "Subject: =?ISO-2022-JP?B?GyRCQEE1YT1xJE4kNDBGRmIbKEI=?=\r\nFrom: a@a.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\r\n\x1b$BL$>5Bz9-9p\x1b(B\r\n"
    "--b\r\nContent-Type: application/octet-stream; name=\"=?ISO-2022-JP?B?GyRCQEE1YT1xGyhCLmV4ZQ==?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nTVo=\r\n"
    "--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename*=UTF-8''%E5%9B%B3.PNG%20.\r\n\r\nx\r\n--b--\r\n";

}  // namespace

TEST_CASE("words are found as people read them, expressions in the decoded text") {
  CHECK(finds(ContentPart::Header, "請求書", japanese));
  CHECK(finds(ContentPart::Header, "/^請求書.*案内$/", japanese));
  CHECK_FALSE(finds(ContentPart::Header, "領収書", japanese));
  CHECK_FALSE(finds(ContentPart::Header, "GyRC", japanese));
  CHECK(finds(ContentPart::Header, "請求書", japanese, "*"));
  CHECK_FALSE(finds(ContentPart::Header, "請求書", japanese, "From"));
  CHECK(finds(ContentPart::Body, "未承諾広告", japanese));
  CHECK(finds(ContentPart::Body, "/未承諾.告/", japanese));
  CHECK_FALSE(finds(ContentPart::Body, "請求書のご案内", japanese));
  CHECK(finds(ContentPart::Header, "free money", "Subject: ＦＲＥＥ　Money\r\n\r\n"));
  CHECK_FALSE(finds(ContentPart::Header, "/free/", "Subject: FREE\r\n\r\n"));
  CHECK(finds(ContentPart::Header, "/(?i)free/", "Subject: FREE\r\n\r\n"));
  CHECK(finds(ContentPart::Body, "lottery", "Content-Transfer-Encoding: base64\r\n\r\nTG90dGVyeSE=\r\n"));
  CHECK(finds(ContentPart::Body, "click here", "Content-Type: text/html\r\n\r\n<p>Click <b>here</b></p>\r\n"));
  CHECK_FALSE(finds(ContentPart::Body, "words", "Subject: words\r\n\r\n"));
  CHECK_FALSE(finds(ContentPart::Body, "words", ""));
}

TEST_CASE("clients by address and network, and what lets theirs pass") {
  const auto normal = normal_content_row({.name = "a-office", .part = ContentPart::Client, .field = "x", .pattern = "192.0.2.*", .action = ContentAction::Pass});
  REQUIRE(normal);
  CHECK((normal->pattern == "192.0.2.0/24" && normal->field.empty()));
  CHECK(parse_content_row(print_content_row(*normal)) == *normal);
  const ContentTable table({*normal, {.name = "b", .part = ContentPart::Header, .field = "Subject", .pattern = "x"}, {.name = "c", .part = ContentPart::Header, .field = "Subject", .pattern = "x", .also = {{ContentPart::Client, "", "2001:db8::/32"}}}});
  const auto found = [&table](const std::optional<io::IpAddress>& client) {
    std::string names;
    for (const auto& one : table.inspect("Subject: x\r\n\r\n", client)) names += one.row->name + " ";
    return names;
  };
  CHECK(found(io::IpAddress::parse("192.0.2.7")) == "a-office ");
  CHECK(found(io::IpAddress::parse("192.0.3.7")) == "b ");
  CHECK(found(io::IpAddress::parse("2001:db8::7")) == "b c ");
  CHECK(found(std::nullopt) == "b ");
  CHECK(table.inspect("", io::IpAddress::parse("192.0.2.7"))[0].evidence == "client 192.0.2.7");
}

TEST_CASE("attachments by extension, type and name") {
  CHECK(finds(ContentPart::Attachment, ".exe", japanese));
  CHECK(finds(ContentPart::Attachment, ".EXE", japanese));
  CHECK(finds(ContentPart::Attachment, ".png", japanese));  // "図.PNG ." as Windows would open it
  CHECK(finds(ContentPart::Attachment, "請求書", japanese));
  CHECK(finds(ContentPart::Attachment, "/^請求書[.]exe$/", japanese));
  CHECK(finds(ContentPart::Attachment, "image/*", japanese));
  CHECK(finds(ContentPart::Attachment, "application/octet-stream", japanese));
  CHECK_FALSE(finds(ContentPart::Attachment, ".zip", japanese));
  CHECK_FALSE(finds(ContentPart::Attachment, "text/plain", japanese));  // the text is none
  CHECK_FALSE(finds(ContentPart::Attachment, "image/p", japanese));
  CHECK_FALSE(finds(ContentPart::Attachment, ".exe", "Subject: a.exe\r\n\r\na.exe\r\n"));
  CHECK(finds(ContentPart::Attachment, ".exe", "Content-Type: text/plain; name=a.exe\r\n\r\nMZ\r\n"));
}

TEST_CASE("rows in the order of their names; one that lets pass ends it") {
  const ContentRow first{.name = "1", .part = ContentPart::Header, .field = "*", .pattern = "friend", .action = ContentAction::Pass}, second{.name = "2", .part = ContentPart::Body, .pattern = "lottery"};
  auto shadow = first, off = second, mine = first;
  shadow.mode = ContentMode::Shadow;
  off.mode = ContentMode::Off;
  mine.recipient = "a.example";
  constexpr std::string_view mail = "From: friend\r\n\r\nlottery\r\n";
  CHECK(found_in({second, first}, mail) == std::vector<std::string>{"1"});
  CHECK(found_in({second, shadow}, mail) == std::vector<std::string>{"1", "2"});
  CHECK(found_in({second, mine}, mail) == std::vector<std::string>{"1", "2"});
  CHECK(found_in({off}, mail).empty());
}

TEST_CASE("of several conditions all must be found") {
  const ContentRow row{.name = "a", .field = "Subject", .pattern = "請求書", .also = {{ContentPart::Attachment, "", ".exe"}, {ContentPart::Body, "", "/未承諾/"}}};
  CHECK(found_in({row}, japanese) == std::vector<std::string>{"a"});
  for (std::size_t missing = 0; missing < 2; ++missing) {
    auto other = row;
    other.also[missing].pattern = missing == 0 ? ".zip" : "領収書";
    CHECK(found_in({other}, japanese).empty());
  }
  auto other = row;
  other.pattern = "領収書";
  CHECK(found_in({other}, japanese).empty());
  const ContentTable table({row});
  CHECK(table.inspect(japanese)[0].evidence == "Subject: 請求書のご案内; attachment 請求書.exe (application/octet-stream); body");
}

TEST_CASE("what only lets pass, or only looks, acts on nobody") {
  const auto acts = [](ContentAction action, ContentMode mode, Answers answers = Answers::One) {
    return ContentTable({{.name = "1", .part = ContentPart::Body, .pattern = "x", .action = action, .mode = mode}}).acts(answers);
  };
  CHECK_FALSE(ContentTable({}).acts(Answers::One));
  for (const auto action : {ContentAction::Tag, ContentAction::Quarantine, ContentAction::Refuse}) {
    CHECK(acts(action, ContentMode::Enforce));
    CHECK_FALSE(acts(action, ContentMode::Shadow));
    CHECK_FALSE(acts(action, ContentMode::Off));
  }
  CHECK_FALSE(acts(ContentAction::Pass, ContentMode::Enforce));
  // Where each recipient is answered, the same text can be refused to one and kept back from another, but not be two texts.
  for (const auto action : {ContentAction::Pass, ContentAction::Quarantine, ContentAction::Refuse}) CHECK_FALSE(acts(action, ContentMode::Enforce, Answers::OfEach));
  CHECK(acts(ContentAction::Tag, ContentMode::Enforce, Answers::OfEach));
  CHECK_FALSE(acts(ContentAction::Tag, ContentMode::Shadow, Answers::OfEach));
}

TEST_CASE("whose rows") {
  ContentRow row{.name = "a", .pattern = "x", .recipient = "a.example"};
  CHECK(ContentTable::concerns(row, {"taro", "a.example"}));
  CHECK_FALSE(ContentTable::concerns(row, {"taro", "b.example"}));
  row.recipient = "taro@a.example";
  CHECK(ContentTable::concerns(row, {"Taro", "a.example"}));
  CHECK_FALSE(ContentTable::concerns(row, {"hanako", "a.example"}));
  const ContentTable table({row});
  CHECK(table.rows_of({"taro", "a.example"}, Answers::One) == "a ");
  CHECK(table.rows_of({"hanako", "a.example"}, Answers::One).empty());
  CHECK(table.rows_of({"taro", "a.example"}, Answers::OfEach).empty());
  row.action = directory::ContentAction::Tag;
  CHECK(ContentTable({row}).rows_of({"taro", "a.example"}, Answers::OfEach) == "a ");
}

TEST_CASE("rows that are none") {
  const auto bad = [](ContentRow row) { return !normal_content_row(std::move(row)).has_value(); };
  CHECK(bad({.name = "", .field = "Subject", .pattern = "x"}));
  CHECK(bad({.name = "a b", .field = "Subject", .pattern = "x"}));
  CHECK(bad({.name = "a", .field = "", .pattern = "x"}));
  CHECK(bad({.name = "a", .field = "A:", .pattern = "x"}));
  CHECK(bad({.name = "a", .field = "A", .pattern = ""}));
  CHECK(bad({.name = "a", .field = "A", .pattern = "/(/"}));
  CHECK(bad({.name = "a", .field = "A", .pattern = "x\ty"}));
  CHECK(bad({.name = "a", .field = "A", .pattern = std::string(1'001, 'x')}));
  CHECK(bad({.name = "a", .field = "A", .pattern = "x", .recipient = "no recipient"}));
  CHECK_FALSE(bad({.name = "a", .field = "A", .pattern = "x", .recipient = "A.Example"}));
  for (const auto* line : {"", "content\ta", "content\ta\theader\tA\tx\trefuse\tenforce\t\t-1\t", "content\ta\theader\tA\tx\tdefer\tenforce\t\t1\t", "content\ta\tbody\tA\tx\ttag\toff\t\t1\t", "client\ta\theader\tA\tx\ttag\toff\t\t1\t"})
    CHECK_FALSE(parse_content_row(line));
  ContentRow row{"a", ContentPart::Header, "*", "/x/", ContentAction::Tag, ContentMode::Shadow, "a.example", "note", WallTime{std::chrono::seconds{5}}, {}};
  CHECK(parse_content_row(print_content_row(row)) == row);
  row.also = {{ContentPart::Body, "", "y"}, {ContentPart::Header, "Subject", "/z/"}};
  CHECK(parse_content_row(print_content_row(row)) == row);
  for (const auto* end : {"\t", "\tbody", "\tbody\t", "\tbody\tA\tx", "\tbody\t\t", "\tnowhere\t\tx", "\theader\t\tx", "\theader\tA\t/(/"}) CHECK_FALSE(parse_content_row(print_content_row(row) + end));
  row.also.assign(most_content_conditions, {ContentPart::Body, "", "y"});
  CHECK(bad(row));
  CHECK_FALSE(parse_content_row(print_content_row(row)));
  CHECK(condition_text({ContentPart::Header, "Subject", "a: b"}) == "header Subject: a: b");
  for (const auto* text : {"header Subject: a: b", "body: x", "attachment: .exe", "client: 2001:db8::/32"}) CHECK(condition_text(parse_condition_text(text).value()) == text);
  for (const auto* text : {"", "x", "header: x", "header Subject", "body x: y", "subject: x", "body:", "header A B: x", "body: /(/", "client: a.example", "client: /./", "client x: 192.0.2.7", "client: 192.0.2.7/24"}) CHECK_FALSE(parse_condition_text(text));
}
