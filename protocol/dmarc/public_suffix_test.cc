#include "protocol/dmarc/public_suffix.h"

#include <doctest/doctest.h>

#include "protocol/dkim/tag_list.h"
#include "protocol/dkim/test_mail.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::dmarc {
namespace {

TEST_CASE("rules, wildcards and exceptions") {
  const auto list = PublicSuffixList::parse("// comment\r\ncom\njp\nco.jp  and more\n*.kobe.jp\n!city.kobe.jp\n\n!\n*.\n*\nlocalities.\n\xe5\x85\xac\xe5\x8f\xb8.cn\n");
  struct Row {
    const char *name, *want;
  };
  for (const auto& row : {Row{"com", ""}, Row{"a.com", "a.com"}, Row{"b.a.com", "a.com"}, Row{"jp", ""}, Row{"co.jp", ""}, Row{"a.co.jp", "a.co.jp"}, Row{"c.kobe.jp", ""}, Row{"a.c.kobe.jp", "a.c.kobe.jp"}, Row{"x.a.c.kobe.jp", "a.c.kobe.jp"},
                          Row{"city.kobe.jp", "city.kobe.jp"}, Row{"www.city.kobe.jp", "city.kobe.jp"}, Row{"kobe.jp", "kobe.jp"}, Row{"unknown", ""}, Row{"a.unknown", "a.unknown"}, Row{"b.a.unknown", "a.unknown"}, Row{"x.a.xn--55qx5d.cn", "a.xn--55qx5d.cn"}})
    CHECK_MESSAGE(list.organizational_domain(row.name).value_or("") == row.want, row.name);
  CHECK(PublicSuffixList().organizational_domain("b.a.jp") == "a.jp");
  CHECK_FALSE(PublicSuffixList().organizational_domain("jp"));
}

TEST_CASE("the list's own test table passes whole") {
  const auto folder = dkim::testing::testdata("dmarc");
  if (folder.empty()) {
    MESSAGE("skipped: the list is not here");
    return;
  }
  const auto list = PublicSuffixList::parse(dkim::testing::read_file(folder + "/public_suffix_list.dat"));
  CHECK(list.size() > 9'000);
  int count = 0;
  const auto table = dkim::testing::read_file(folder + "/test_psl.txt");
  for (const auto line : dkim::split(table, '\n')) {
    constexpr std::string_view call = "checkPublicSuffix(";
    if (!line.starts_with(call)) continue;
    const auto parts = dkim::split(line.substr(call.size(), line.rfind(')') - call.size()), ',');
    REQUIRE(parts.size() == 2);
    const auto text = [](std::string_view part) { return part == "null" ? std::string() : dns::canonical_name(part.substr(1, part.size() - 2)).value_or(""); };
    const auto name = text(parts[0]);
    const auto got = list.organizational_domain(name);
    CHECK_MESSAGE(got.value_or("") == text(parts[1]), line);
    ++count;
  }
  CHECK(count > 70);
  MESSAGE(count << " rows");
}

}  // namespace
}  // namespace hikyaku::dmarc
