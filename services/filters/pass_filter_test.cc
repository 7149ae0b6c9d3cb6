#include "services/filters/pass_filter.h"

#include <doctest/doctest.h>

#include "services/filters/content.h"

using namespace hikyaku;
using namespace hikyaku::filters;

TEST_CASE("addresses without check let their mail pass all rows of mail.dat and virus.dat") {
  const auto parsed = parse_pass_filter("' our relays\r\n127.0.0.1\r\n\r\n  192.0.2.*  \r\n# more\r\n2001:db8::/32", WallTime{std::chrono::seconds{5}});
  CHECK(parsed.bad.empty());
  REQUIRE(parsed.blocks.size() == 3);
  CHECK((parsed.blocks[0].line == 2 && parsed.blocks[1].line == 4 && parsed.blocks[2].line == 6));
  CHECK(parsed.blocks[1].row == directory::ContentRow{.name = "exempt-0002-192.0.2.", .part = directory::ContentPart::Client, .pattern = "192.0.2.0/24", .action = directory::ContentAction::Pass, .note = "passfilter.dat",
                                                      .added = WallTime{std::chrono::seconds{5}}});
  std::vector<directory::ContentRow> rows;
  for (const auto& block : parsed.blocks) {
    CHECK(is_mail_dat_row(block.row.name, pass_filter_prefix));
    for (const auto* table : {"mail.dat", "virus.dat"}) CHECK(block.row.name < mail_dat_prefix(table, ""));
    rows.push_back(block.row);
  }
  for (const auto& block : parse_mail_dat("Virus:a\nSubject:x\nLevel:100\nVirusEnd:\n", {"mail.dat", "", {}}).blocks) rows.push_back(block.row);
  const ContentTable table(std::move(rows));
  const auto refused = [&table](const char* client) { return table.inspect("Subject: x\r\n\r\n", io::IpAddress::parse(client)).back().row->action == directory::ContentAction::Refuse; };
  CHECK_FALSE(refused("192.0.2.200"));
  CHECK_FALSE(refused("2001:db8::1"));
  CHECK(refused("192.0.3.1"));
}

TEST_CASE("what is no address is named with its line") {
  const auto parsed = parse_pass_filter("192.0.2.7 true\nmail.a.example\n192.0.2.7/24\n/x/\n*\n10.0.0.1\n\x81\x01\n", {});
  CHECK(parsed.blocks.size() == 1);
  std::string lines;
  for (const auto& row : parsed.bad) lines += std::to_string(row.line) + " ";
  CHECK(lines == "1 2 3 4 5 7 ");
  std::string many;
  for (int n = 0; n < 1'100; ++n) many += "10.0.0.1\n";
  CHECK((parse_pass_filter(many, {}).blocks.size() == 1'000 && parse_pass_filter(many, {}).bad.size() == 1));
  CHECK((parse_pass_filter("", {}).blocks.empty() && parse_pass_filter("", {}).bad.empty()));
}
