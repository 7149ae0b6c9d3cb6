#include <doctest/doctest.h>

#include "protocol/tls_policy/sts_policy.h"
#include "protocol/tls_policy/txt_record.h"

using namespace hikyaku::tls_policy;
using namespace std::chrono_literals;

TEST_CASE("the record that announces a policy") {
  const auto id = [](std::vector<std::string> records) { return read_sts_id(records).value_or("-"); };
  CHECK(id({"v=STSv1; id=20160831085700Z;"}) == "20160831085700Z");
  CHECK(id({"v=STSv1;id=1"}) == "1");
  CHECK(id({"v=STSv1 ;\tid=1 ; later=x"}) == "1");
  CHECK(id({"v=STSv1; id=1; id=2"}) == "1");
  CHECK(id({"something else", "v=STSv1; id=1"}) == "1");
  CHECK(id({"v=STSv10; id=7", "v=STSv1; id=1"}) == "1");
  // Bad ones.
  CHECK(id({}) == "-");
  CHECK(id({"v=STSv1"}) == "-");
  CHECK(id({"v=STSv1;"}) == "-");
  CHECK(id({"v=STSv2; id=1"}) == "-");
  CHECK(id({"V=STSv1; id=1"}) == "-");
  CHECK(id({" v=STSv1; id=1"}) == "-");
  CHECK(id({"v=STSv1; id="}) == "-");
  CHECK(id({"v=STSv1; id=a-b"}) == "-");
  CHECK(id({"v=STSv1; id=123456789012345678901234567890123"}) == "-");
  CHECK(id({"v=STSv1 id=1"}) == "-");
  CHECK(id({"v=STSv1; id=1 2"}) == "-");
  CHECK(id({"v=STSv1;; id=1"}) == "-");
  CHECK(id({"v=STSv1; =1"}) == "-");
  CHECK(id({"v=STSv1; id=1", "v=STSv1; id=2"}) == "-");
  CHECK(id({std::string("v=STSv1; id=1\0", 14)}) == "-");
}

TEST_CASE("where reports are wanted") {
  const auto all = read_report_addresses({"v=TLSRPTv1; rua=mailto:tls@a.example,https://r.example/x?y , mailto:b%2Cc@b.example?subject=z"});
  REQUIRE(all);
  CHECK(all->mail == std::vector<std::string>{"tls@a.example", "b,c@b.example"});
  CHECK(all->https == std::vector<std::string>{"https://r.example/x?y"});
  for (const char* bad : {"v=TLSRPTv1", "v=TLSRPTv1; rua=", "v=TLSRPTv1; rua=ftp://x", "v=TLSRPTv2; rua=mailto:a@b", "v=TLSRPTv1; ruf=mailto:a@b",
                          "v=TLSRPTv1; rua=mailto:nobody", "v=TLSRPTv1; rua=mailto:a%0d@b", "v=TLSRPTv1; rua=mailto:a%4", "rua=mailto:a@b", ""})
    CHECK_MESSAGE(!read_report_addresses({bad}), bad);
  CHECK(!read_report_addresses({"v=TLSRPTv1; rua=mailto:a@b", "v=TLSRPTv1; rua=mailto:a@b"}));
}

TEST_CASE("a policy's text") {
  const auto policy = parse_sts_policy("version: STSv1\r\nmode: enforce\r\nmx: mail.Example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n");
  REQUIRE(policy);
  CHECK(policy->mode == StsMode::Enforce);
  CHECK(policy->max_age == 604800s);
  CHECK(policy->mx == std::vector<std::string>{"mail.example.com", "*.example.net"});
  CHECK(parse_sts_policy("version:STSv1\nmode:none\nmax_age:86400")->mode == StsMode::None);
  CHECK(parse_sts_policy("version: STSv1 \nmode: testing\nmode: enforce\nmx: a.b\nmax_age: 1\nmax_age: x\nnew-thing: yes\n\n")->mode == StsMode::Testing);
  CHECK(parse_sts_policy("version: STSv1\nmode: enforce\nmx: a.b\nmax_age: 9999999999\n")->max_age == longest_max_age);
  struct Row {
    const char *name, *text;
  };
  for (const auto& [name, text] : std::initializer_list<Row>{
           {"nothing", ""},
           {"no version", "mode: enforce\nmx: a.b\nmax_age: 1\n"},
           {"another version", "version: STSv2\nmode: enforce\nmx: a.b\nmax_age: 1\n"},
           {"no mode", "version: STSv1\nmx: a.b\nmax_age: 1\n"},
           {"unknown mode", "version: STSv1\nmode: Enforce\nmx: a.b\nmax_age: 1\n"},
           {"no mx", "version: STSv1\nmode: enforce\nmax_age: 1\n"},
           {"no max_age", "version: STSv1\nmode: enforce\nmx: a.b\n"},
           {"max_age with a unit", "version: STSv1\nmode: enforce\nmx: a.b\nmax_age: 1d\n"},
           {"negative max_age", "version: STSv1\nmode: enforce\nmx: a.b\nmax_age: -1\n"},
           {"max_age too long", "version: STSv1\nmode: enforce\nmx: a.b\nmax_age: 12345678901\n"},
           {"star inside", "version: STSv1\nmode: enforce\nmx: a.*.b\nmax_age: 1\n"},
           {"star alone", "version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n"},
           {"two stars", "version: STSv1\nmode: enforce\nmx: *.*.b\nmax_age: 1\n"},
           {"a page instead", "<!DOCTYPE html>\n<html></html>\n"},
           {"a line without colon", "version: STSv1\nmode: enforce\nmx: a.b\nmax_age: 1\nhello\n"}})
    CHECK_MESSAGE(!parse_sts_policy(text), name);
  CHECK(!parse_sts_policy(std::string(most_policy_octets + 1, '\n')));
}

TEST_CASE("a star is one label") {
  const StsPolicy policy{StsMode::Enforce, 1s, {"mail.example.com", "*.example.net"}};
  CHECK(policy.lists("mail.example.com"));
  CHECK(policy.lists("mx1.example.net"));
  for (const char* not_listed : {"example.com", "a.mail.example.com", "example.net", ".example.net", "a.b.example.net", "xexample.net", "", "mail.example.co"})
    CHECK_MESSAGE(!policy.lists(not_listed), not_listed);
}
