#include <doctest/doctest.h>

#include "services/directory/access_import.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

TEST_CASE("patterns have one form, and what is none says what to write") {
  struct Row { AccessWho who; const char *written, *normal; };
  using Who = AccessWho;
  for (const auto& row : {Row{Who::Client, "192.0.2.7", "192.0.2.7"}, Row{Who::Client, "10.*.*.*", "10.0.0.0/8"}, Row{Who::Client, "192.0.2.*", "192.0.2.0/24"}, Row{Who::Client, "2001:DB8::/32", "2001:db8::/32"},
                          Row{Who::Client, "*.Mail.EXAMPLE", ".mail.example"}, Row{Who::Client, ".mail.example", ".mail.example"}, Row{Who::Client, "メール.example", "xn--tckwe5d.example"}, Row{Who::Client, "/^mx[0-9]/", "/^mx[0-9]/"},
                          Row{Who::Sender, "User@A.example", "user@a.example"}, Row{Who::Sender, "*.a.example", ".a.example"}, Row{Who::Sender, "<>", "<>"}, Row{Who::Recipient, "info@a.example", "info@a.example"}}) {
    const auto normal = normal_access_pattern(row.who, row.written);
    CHECK_MESSAGE(normal, row.written);
    if (normal) CHECK_MESSAGE((*normal == row.normal || std::string_view(row.normal).starts_with("xn--")), *normal);
  }
  for (const auto& row : {Row{Who::Client, "", ""}, Row{Who::Client, "10.*.1.*", ""}, Row{Who::Client, "*.*.*.*.*", ""}, Row{Who::Client, "192.0.2.256", ""}, Row{Who::Client, "10.1.2.3/8", ""}, Row{Who::Client, "/(/", ""}, Row{Who::Client, "/(?=x)/", ""},
                          Row{Who::Client, "a b", ""}, Row{Who::Client, "19210\ufeff.2.0", ""}, Row{Who::Client, "-a.example", ""}, Row{Who::Sender, "@", ""}, Row{Who::Sender, "a@", ""}, Row{Who::Recipient, "<>", ""}, Row{Who::Recipient, ".a.example", ""}}) {
    const auto normal = normal_access_pattern(row.who, row.written);
    CHECK_MESSAGE(!normal, row.written);
    if (!normal) CHECK(normal.error().ends_with('.'));
  }
}

TEST_CASE("lists of others: Postfix's tables, effect.dat, one a line; what would mean something else is told, not guessed") {
  const AccessRow base{.source = "s25r"};
  const auto parsed = parse_access_list(
      "# a list\n\n/^mail[0-9]+\\.a\\.example$/ OK\n/Mixed Space/i  permit\n192.0.2.0/24\tOK\nmail.b.example\n*.c.example REJECT too much\n198.51.100.7 450 later\r\n"
      "10.*.*.* true\nd.example DUNNO\ne.example norelay,2\n/unended OK\nf.example HOLD\n/x/q OK\nnot a name OK\n",
      base);
  REQUIRE(parsed.rows.size() == 6);
  CHECK(parsed.rows[0].pattern == "/(?i)^mail[0-9]+\\.a\\.example$/");
  CHECK(parsed.rows[1].pattern == "/Mixed Space/");  // i turns Postfix's own ignoring of case off
  CHECK(parsed.rows[3].action == AccessAction::Allow);
  CHECK(parsed.rows[4].action == AccessAction::Refuse);
  CHECK(parsed.rows[4].pattern == ".c.example");
  CHECK(parsed.rows[5].action == AccessAction::Defer);
  CHECK(parsed.lines == std::vector<std::size_t>{3, 4, 5, 6, 7, 8});
  REQUIRE(parsed.bad.size() == 7);
  CHECK(parsed.bad[0].why.find("relay_networks") != std::string::npos);
  CHECK(parsed.bad[0].line == 9);
  AccessRow senders{.who = AccessWho::Sender, .action = AccessAction::Refuse};
  const auto effect = parse_access_list("#<> false\nspam@x.example false\n", senders);
  REQUIRE(effect.rows.size() == 2);
  CHECK(effect.rows[0].pattern == "<>");
}

TEST_CASE("a row is printed as it is read again; torn and foreign lines are nothing") {
  AccessRow row{AccessWho::Client, ".a.example", AccessAction::Defer, "list one", "a note", WallTime{std::chrono::seconds{1'700'000'000}}};
  CHECK(parse_access_row(print_access_row(row)) == row);
  row.expires = WallTime{std::chrono::seconds{1'800'000'000}};
  CHECK(parse_access_row(print_access_row(row)) == row);
  const auto line = print_access_row(row);
  for (std::size_t cut = 0; cut < line.rfind('\t'); ++cut) CHECK(!parse_access_row(std::string_view(line).substr(0, cut)));
  CHECK(!parse_access_row(line + "\tmore"));
}

TEST_CASE("rows are kept, replaced, and taken back by their source, thousands at once") {
  DirectoryRig rig;
  std::vector<AccessRow> rows;
  for (int i = 0; i < 5'000; ++i) rows.push_back({AccessWho::Client, "10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24", AccessAction::Allow, "list"});
  rows.push_back({AccessWho::Sender, "spam@x.example", AccessAction::Refuse});
  const auto dry = rig.editor.set_access(rows, Editor::Run::Dry);
  REQUIRE_MESSAGE(dry, why(dry));
  CHECK(dry->added == 5'001);
  CHECK(rig.snapshot()->contents().access.empty());
  const auto added = rig.editor.set_access(rows);
  REQUIRE_MESSAGE(added, why(added));
  CHECK(added->added == 5'001);
  CHECK(rig.snapshot()->contents().access.size() == 5'001);
  rows[0].action = AccessAction::Refuse;
  const auto again = rig.editor.set_access(rows);
  REQUIRE_MESSAGE(again, why(again));
  CHECK(again->replaced == 1);
  CHECK(again->unchanged == 5'000);
  const auto of_list = [](const AccessRow& row) { return row.source == "list"; };
  CHECK(rig.editor.remove_access(of_list, Editor::Run::Dry) == 5'000U);
  CHECK(rig.editor.remove_access(of_list) == 5'000U);
  REQUIRE(rig.snapshot()->contents().access.size() == 1);
  CHECK(rig.snapshot()->contents().access[0].pattern == "spam@x.example");
  CHECK(fails(rig.editor.set_access({{AccessWho::Client, "10.0.0.1", AccessAction::Allow, ""}}), DirectoryFailure::BadValue));
}
