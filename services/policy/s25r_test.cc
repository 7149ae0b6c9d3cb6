#include <doctest/doctest.h>

#include <random>
#include <regex>

#include "services/policy/s25r.h"

using namespace hikyaku::policy;

TEST_CASE("names of lines at home match the rule that was made for them, names of servers none") {
  CHECK(s25r_rule("unknown") == 0U);
  CHECK(s25r_rule("220-139-165-188.dynamic.hinet.example") == 1U);
  CHECK(s25r_rule("evrtwa1-ar3-4-65-157-048.dsl-verizon.example.net") == 1U);
  CHECK(s25r_rule("YahooBB220030220074.bbtec.example") == 2U);
  CHECK(s25r_rule("398pkj.cm.chello.example.no") == 3U);
  CHECK(s25r_rule("host.101.169.23.62.rev.coltfrance.example") == 3U);
  CHECK(s25r_rule("wbar9.chi1-4-11-085-222.dsl-verizon.example") == 4U);
  CHECK(s25r_rule("m226.net81-66-158.noos.example") == 4U);
  CHECK(s25r_rule("d5.as15.nwmi.voyager.example") == 5U);
  CHECK(s25r_rule("dhcp0339.vpm.resnet.example") == 6U);
  CHECK(s25r_rule("PPP2.example.jp") == 6U);
  for (const auto* name : {"mail.example.jp", "mx1.example.co.jp", "smtp-out-4.example.com", "mx.example", "a.b.c.d.e", "", ".", "..", "mail3.sv7.example.jp"})
    CHECK_MESSAGE(s25r_rule(name) == std::nullopt, name);
}

TEST_CASE("they are the published expressions, for any name") {
  std::vector<std::regex> expressions;
  for (unsigned rule = 0; rule <= 6; ++rule)
    expressions.emplace_back(std::string(s25r_expression(rule)), std::regex::extended | std::regex::icase);
  std::mt19937 random(1);
  const std::string octets = "0159aazdslhcpx---....";
  const std::vector<std::string> beginnings{"", "dhcp", "dialup", "ppp", "adsl", "xdsl", "bdsl", "dsl", "1.", "unknown"};
  std::vector<unsigned> seen(8);
  for (int i = 0; i < 60'000; ++i) {
    std::string name = beginnings[random() % beginnings.size()];
    for (auto left = random() % 14; left > 0; --left) name += octets[random() % octets.size()];
    std::optional<unsigned> wanted;
    for (unsigned rule = 0; rule <= 6 && !wanted; ++rule)
      if (std::regex_search(name, expressions[rule])) wanted = rule;
    REQUIRE_MESSAGE(s25r_rule(name) == wanted, name);
    ++seen[wanted.value_or(7)];
  }
  for (const auto count : seen) CHECK(count > 10);
}
