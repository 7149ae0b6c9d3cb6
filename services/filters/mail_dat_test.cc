#include "services/filters/mail_dat.h"

#include <doctest/doctest.h>

#include "services/filters/content.h"

using namespace hikyaku;
using namespace hikyaku::filters;
using directory::ContentAction;
using directory::ContentMode;
using directory::ContentPart;

namespace {

ParsedMailDat parse(std::string_view text) { return parse_mail_dat(text, {"mail.dat", "", WallTime{std::chrono::seconds{5}}}); }
std::string block(std::string_view inside, std::string_view name = "a") { return "Virus:" + std::string(name) + "\r\n" + std::string(inside) + "\r\nVirusEnd:\r\n"; }

ImportedBlock taken(std::string_view inside) {
  auto parsed = parse(block(inside));
  CHECK(parsed.bad.empty());
  REQUIRE(parsed.blocks.size() == 1);
  return parsed.blocks[0];
}
bool refused(std::string_view inside) {
  const auto parsed = parse(block(inside));
  CHECK(parsed.bad.size() == 1);
  return parsed.blocks.empty();
}
bool in_force(const ImportedBlock& one) { return one.row.mode == ContentMode::Enforce; }

}  // namespace

TEST_CASE("a block becomes a row") {
  const auto parsed = parse("'-----\r\n' by the appliance\r\nVirus:reject-header\r\nUnique-Header:X-SPAM-mail: X-appliance\r\nSubject: lottery\r\nLevel:110\r\nWarning:\r\nfrom the\r\nappliance\r\nWarningEnd:\r\nVirusEnd:\r\n");
  REQUIRE(parsed.blocks.size() == 1);
  const auto& [line, name, row, remarks] = parsed.blocks[0];
  CHECK((line == 3 && name == "reject-header" && parsed.bad.empty()));
  CHECK(row == directory::ContentRow{.name = "mail.dat-0001-reject-header", .part = ContentPart::Header, .field = "X-SPAM-mail", .pattern = "X-appliance", .note = "reject-header: from the appliance",
                                     .added = WallTime{std::chrono::seconds{5}}, .also = {{ContentPart::Header, "Subject", "lottery"}}});
  CHECK(remarks.size() == 1);  // no copy
}

TEST_CASE("levels") {
  struct Want {
    std::string_view level;
    ContentAction action;
    ContentMode mode;
    std::size_t remarks;
  };
  const auto in_force_as = ContentMode::Enforce, shadow = ContentMode::Shadow;
  for (const auto& [level, action, mode, remarks] : {Want{"000", ContentAction::Pass, in_force_as, 0}, Want{"010", ContentAction::Pass, in_force_as, 1}, Want{"100", ContentAction::Refuse, in_force_as, 0},
                                                     Want{"110", ContentAction::Refuse, in_force_as, 1}, Want{"101", ContentAction::Refuse, in_force_as, 1}, Want{"111", ContentAction::Refuse, in_force_as, 2},
                                                     Want{"200", ContentAction::Tag, in_force_as, 1}, Want{"310", ContentAction::Tag, in_force_as, 2}, Want{"510", ContentAction::Quarantine, in_force_as, 0},
                                                     Want{"500", ContentAction::Quarantine, shadow, 1}, Want{"10", ContentAction::Refuse, shadow, 1}, Want{"00", ContentAction::Pass, shadow, 1}, Want{"21", ContentAction::Tag, shadow, 3}}) {
    CAPTURE(level);
    const auto one = taken("Subject:x\nLevel:" + std::string(level));
    CHECK((one.row.action == action && one.row.mode == mode && one.remarks.size() == remarks));
  }
  for (const auto* level : {"", "1", "400", "600", "710", "120", "102", "30", "50", "12", "0100", "1x0", "-10", "1 0", "１００"}) {
    CAPTURE(level);
    CHECK(refused("Subject:x\nLevel:" + std::string(level)));
  }
  CHECK(refused("Subject:x"));
  CHECK(refused("Subject:x\nLevel:100\nLevel:000"));
}

TEST_CASE("what the files are written in") {
  const auto pattern = [](std::string_view subject) { return taken("Subject:" + std::string(subject) + "\nLevel:100").row.pattern; };
  CHECK(pattern("未承諾広告") == "未承諾広告");
  CHECK(pattern("\x96\xa2\x8f\xb3\x91\xf8\x8d\x4c\x8d\x90") == "未承諾広告");         // Shift_JIS
  CHECK(pattern("\x1b$BL$>5Bz9-9p\x1b(B") == "未承諾広告");                            // ISO-2022-JP
  CHECK(pattern("=?ISO-2022-JP?B?GyRCTCQ+NUJ6OS05cBsoQg==?=") == "未承諾広告");        // as E-Post wants it
  CHECK(pattern("=?UTF-8?B?5pyq5om/6Ku+5bqD5ZGK?=") == "未承諾広告");
  std::string wide = "\xff\xfe";
  for (const char c : block("Subject:x\nLevel:100")) (wide += c) += '\0';
  CHECK(parse(wide).blocks.size() == 1);
  CHECK(parse("\xef\xbb\xbf" + block("Subject:x\nLevel:100")).blocks.size() == 1);
  CHECK(refused("Subject:\x81\x01\nLevel:100"));
}

TEST_CASE("words are words, and a star is in shadow") {
  CHECK(taken("Subject:/free/\nLevel:100").row.pattern == "/(?i)\\/free\\//");
  CHECK(in_force(taken("Subject:/free/\nLevel:100")));
  const auto star = taken("From:*@bad.example\nLevel:100");
  CHECK((star.row.pattern == "/(?i).*\\@bad\\.example/" && !in_force(star)));
  const auto attached = taken("Attach:*.exe\nLevel:100");
  CHECK((attached.row.part == ContentPart::Attachment && attached.row.pattern == ".exe" && !in_force(attached)));
  CHECK(taken("Attach:report\nLevel:100").row.pattern == "report");
}

TEST_CASE("a block's items must all be found; one that is not clear only looks") {
  const auto both = taken("Subject:lottery\nBody:\n win now\nBodyEnd:\nAttach:\nLevel:100");
  CHECK((in_force(both) && both.row.also.size() == 1 && both.row.also[0] == directory::ContentCondition{ContentPart::Body, "", "win now"}));
  const ContentTable table({both.row});
  CHECK(table.inspect("Subject: LOTTERY\r\n\r\nWin now!\r\n").size() == 1);
  CHECK(table.inspect("Subject: LOTTERY\r\n\r\nHello\r\n").empty());
  CHECK(table.inspect("Subject: Hello\r\n\r\nWin now!\r\n").empty());
  CHECK(in_force(taken("Subject:=?UTF-8?B?5pyq5om/6Ku+5bqD5ZGK?=\nSubject:未承諾広告\nLevel:100")));  // one word in two encodings
  CHECK_FALSE(in_force(taken("Subject:a\nSubject:b\nLevel:100")));
  CHECK_FALSE(in_force(taken("Body:\na\nb\nBodyEnd:\nLevel:100")));
  CHECK_FALSE(in_force(taken("Body:\na\n' b\nBodyEnd:\nLevel:100")));
  CHECK_FALSE(in_force(taken("Subject:\nFrom:a\nLevel:100")));
  CHECK_FALSE(in_force(taken("Unique-Header:X-Spam\nFrom:a\nLevel:100")));
  CHECK(taken("Body:\n<iframe\nBodyEnd:\nLevel:100").remarks.size() == 1);
}

TEST_CASE("a list of links is the settings', and what differs is told") {
  const auto lists = [](std::string_view inside) {
    auto parsed = parse(block(inside));
    CHECK(parsed.blocks.empty());
    return parsed.lists;
  };
  const auto plain = lists("RBL:multi.surbl.org\nLevel:110");
  REQUIRE(plain.size() == 1);
  CHECK((plain[0].line == 2 && plain[0].name == "a" && plain[0].zone == "multi.surbl.org" && plain[0].action == ContentAction::Refuse && plain[0].remarks.empty()));
  const auto whole = lists("RBL:multi.surbl.org \t 192.168.0.1,N \"/usr/local/mta/bin/whitelist.dat\"\nLevel:300\nTag:[SPAM]\nWarning:\nspam\nWarningEnd:");
  REQUIRE(whole.size() == 1);
  CHECK((whole[0].zone == "multi.surbl.org" && whole[0].action == ContentAction::Tag && whole[0].remarks.size() == 2));
  CHECK(lists("RBL:a.example\t192.168.0.1,Y\nRBL:b.example\nLevel:100").size() == 2);
  CHECK(lists("RBL:a.example\nLevel:510")[0].remarks.size() == 1);
  for (const auto* inside : {"RBL:a.example\nLevel:000", "RBL:a.example\nLevel:400", "RBL:a.example", "RBL:a.example\nSubject:x\nLevel:100", "RBL:a example,\nQuery:x\nLevel:100", "RBL:\nLevel:100", "RBL:..\nLevel:100",
                             "RBL:a.example=127.0.0.2\nLevel:100"}) {
    CAPTURE(inside);
    CHECK((refused(inside) && lists(inside).empty()));
  }
  const auto own = parse_mail_dat(block("RBL:a.example\nLevel:100"), {"mail.dat-of-taro", "taro@a.example", {}});
  CHECK((own.lists.empty() && own.bad.size() == 1 && own.bad[0].line == 1));
  const auto before = parse(block("RBL:a.example\nLevel:000") + block("Subject:b\nLevel:100"));
  CHECK_FALSE(in_force(before.blocks.at(0)));
  const auto after = parse(block("RBL:a.example\nLevel:100") + block("Subject:b\nLevel:100"));
  CHECK(in_force(after.blocks.at(0)));
}

TEST_CASE("a level that E-Post's help alone tells of is named with what to write instead") {
  for (const auto* level : {"400", "610", "711"}) {
    const auto parsed = parse("'\n" + block("Subject:x\nLevel:" + std::string(level)));
    REQUIRE(parsed.bad.size() == 1);
    CHECK(parsed.bad[0].line == 2);
    CHECK(parsed.bad[0].why.find("the level " + std::string(level) + " does") != std::string::npos);
    CHECK(parsed.bad[0].why.find("Level:510 quarantines") != std::string::npos);
  }
}

TEST_CASE("blocks that become no row") {
  CHECK(refused("Level:100"));
  CHECK(refused("Subject:\nLevel:100"));
  CHECK(refused("Body:\nBodyEnd:\nAttach:\nLevel:100"));
  CHECK(refused("Subject:a\nQuery:b\nLevel:100"));
  CHECK(refused("Subject:a\nBody:b\nLevel:100"));
  CHECK(refused("Body:\na\nLevel:100"));  // no BodyEnd:
  CHECK(refused("Subject:a\nLevel:100\nWarning:\nb"));
  CHECK(refused("Unique-Header:X Y: a\nLevel:100"));
  CHECK(refused("Subject:" + std::string(1'001, 'a') + "\nLevel:100"));
  std::string many = "Body:\n";
  for (int i = 0; i < 21; ++i) many += std::to_string(i) + "x\n";
  CHECK(refused(many + "BodyEnd:\nLevel:100"));
  CHECK(parse("Subject:a\n").bad.size() == 1);
  const auto unfinished = parse("Virus:a\nSubject:a\nLevel:100\n" + block("Subject:b\nLevel:200"));
  CHECK((unfinished.blocks.size() == 1 && unfinished.bad.size() == 1 && unfinished.bad[0].line == 1));
  std::string endless;
  for (int i = 0; i < 1'100; ++i) endless += block("Subject:a\nLevel:100");
  CHECK((parse(endless).blocks.size() == 1'000 && parse(endless).bad.size() == 1));
  CHECK((parse("").blocks.empty() && parse("").bad.empty()));
}

TEST_CASE("nothing is refused below a block that may have let it pass") {
  const auto modes = [](const std::string& above) {
    std::vector<ContentMode> modes;
    for (const auto& one : parse(above + block("Subject:b\nLevel:100") + block("Subject:c\nLevel:510") + block("Subject:d\nLevel:200")).blocks) modes.push_back(one.row.mode);
    return modes;
  };
  using enum ContentMode;
  CHECK(modes(block("Subject:a\nLevel:000")) == std::vector{Enforce, Enforce, Enforce, Enforce});
  CHECK(modes(block("Attach:a\nLevel:000")) == std::vector{Shadow, Shadow, Shadow, Enforce});
  CHECK(modes(block("Attach:a\nLevel:100")) == std::vector{Shadow, Enforce, Enforce, Enforce});
  CHECK(modes(block("Subject:a\nLevel:400")) == std::vector{Shadow, Shadow, Enforce});
  CHECK(modes(block("Subject:a\nQuery:x\nLevel:100")) == std::vector{Enforce, Enforce, Enforce});
  CHECK(modes(block("Subject:a\nQuery:x\nLevel:000")) == std::vector{Shadow, Shadow, Enforce});
  CHECK(modes("stray\n") == std::vector{Shadow, Shadow, Enforce});
}

TEST_CASE("names of rows") {
  const auto name = [](std::string_view of, const std::string& prefix) { return parse_mail_dat(block("Subject:x\nLevel:100", of), {prefix, "", {}}).blocks.at(0).row.name; };
  CHECK(name("宝くじ", "mail.dat") == "mail.dat-0001");
  CHECK(name(" a b/c ", "mail.dat") == "mail.dat-0001-a-b-c");
  CHECK(name(std::string(100, 'x'), "mail.dat").size() == 60);
  CHECK(mail_dat_prefix("mail.dat", "taro@a.example") == "mail.dat-of-taro_a.example");
  const auto tail = std::string(60, 'x') + "@a.example";
  CHECK(mail_dat_prefix("virus.dat", "a" + tail) != mail_dat_prefix("virus.dat", "b" + tail));
  CHECK(mail_dat_prefix("mail.dat", "a+b@a.example") != mail_dat_prefix("mail.dat", "a/b@a.example"));
  for (const auto* whose : {"", "taro@a.example", "山田太郎@a.example", "a.very.long.name.of.somebody@and.a.long.domain.example"}) {
    const auto prefix = mail_dat_prefix("virus.dat", whose);
    CHECK(is_mail_dat_row(name("x", prefix), prefix));
    CHECK(directory::parse_content_row(directory::print_content_row(parse_mail_dat(block("Subject:x\nLevel:100", "宝くじ"), {prefix, whose[0] == 't' ? whose : "", {}}).blocks.at(0).row)));
  }
  CHECK(mail_dat_prefix("mail.dat", "") + "-0001" < mail_dat_prefix("mail.dat", "0@a.example") + "-0001");
  for (const auto* other : {"mail.dat", "mail.dat-", "mail.dat-001", "mail.dat-00012", "mail.dat-abcd", "virus.dat-0001", "mail.dat-of-taro_a.example-0001", "x"}) CHECK_FALSE(is_mail_dat_row(other, "mail.dat"));
}
