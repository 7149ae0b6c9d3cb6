#include <doctest/doctest.h>

#include "protocol/dns/host_name.h"
#include "protocol/dns/ip_text.h"
#include "protocol/dns/mail_exchange.h"

using namespace hikyaku::dns;

TEST_CASE("canonical names") {
  struct Row { std::string_view in, out; };
  for (const Row& row : {Row{"example.jp", "example.jp"}, Row{"EXAMPLE.Jp", "example.jp"}, Row{"a", "a"}, Row{"1.2.a", "1.2.a"},
                         Row{"b\u00fccher.example", "xn--bcher-kva.example"}, Row{"xn--bcher-kva.example", "xn--bcher-kva.example"},
                         Row{"\u65e5\u672c\u8a9e.jp", "xn--wgv71a119e.jp"}, Row{"a_b.example", "a_b.example"}}) {
    CAPTURE(row.in);
    CHECK(canonical_name(row.in) == std::string(row.out));
    CHECK(canonical_name(*canonical_name(row.in)) == std::string(row.out));
  }
  using namespace std::string_view_literals;
  for (const std::string_view bad : {""sv, "."sv, "a."sv, ".a"sv, "a..b"sv, "-a.b"sv, "a-.b"sv, "a b"sv, "a@b"sv, "a\0b"sv, "xn---"sv, "xn--"sv,
                                     "xn--a-\xff"sv, "\xff.jp"sv, "a\u2488.b"sv, "[1.2.3.4]"sv, "a/b.c"sv, "a\rb"sv, "xn--0.jp"sv}) {
    CAPTURE(bad);
    CHECK_FALSE(canonical_name(bad));
  }
  CHECK_FALSE(canonical_name(std::string(64, 'a') + ".jp"));
  CHECK(canonical_name(std::string(63, 'a') + ".jp"));
  std::string longest;
  for (int i = 0; i < 4; ++i) longest += std::string(61, 'a') + '.';
  CHECK(canonical_name(longest + "jp123"));
  CHECK_FALSE(canonical_name(longest + "jp1234"));
}

TEST_CASE("names of addresses") {
  CHECK(reverse_name("192.0.2.7") == "7.2.0.192.in-addr.arpa");
  CHECK(reverse_name("2001:db8::567:89ab") ==
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  for (const auto* bad : {"", "1.2.3", "1.2.3.256", "::g", "example.jp", "1.2.3.4 "}) CHECK_FALSE(reverse_name(bad));
  CHECK(display_name("xn--wgv71a119e.jp") == "\u65e5\u672c\u8a9e.jp");
  CHECK(display_name("example.jp") == "example.jp");
  CHECK(is_within("a.b.c", "b.c"));
  CHECK(is_within("b.c", "b.c"));
  CHECK_FALSE(is_within("ab.c", "b.c"));
}

TEST_CASE("addresses in text") {
  for (const auto* good : {"0.0.0.0", "255.255.255.255", "192.0.2.7"}) CHECK(parse_ipv4(good));
  for (const auto* bad : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.", ".1.2.3", "1..2.3", " 1.2.3.4", "1.2.3.4 ", "0x1.2.3.4", "-1.2.3.4"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_ipv4(bad));
  }
  for (const auto* good : {"::", "::1", "1::", "2001:db8::7", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:192.0.2.7",
                           "1:2:3:4:5:6:1.2.3.4", "FFFF::a"}) {
    CAPTURE(good);
    CHECK(parse_ipv6(good));
  }
  for (const auto* bad : {"", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "1::2::3", "12345::", "g::",
                          "::1%eth0", "[::1]", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", ":1::2", "1::2:", "::1 "}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_ipv6(bad));
  }
  CHECK((*parse_ipv6("2001:db8::7"))[15] == 7);
  CHECK((*parse_ipv6("::ffff:192.0.2.7"))[12] == 192);
}

TEST_CASE("the order of mail exchangers") {
  const auto nobody = [](const std::string&) { return false; };
  const auto first = [](std::uint32_t) { return 0U; };
  const auto plan = plan_exchanges({{20, "c"}, {10, "a"}, {10, "b"}}, nobody, first);
  REQUIRE(plan.hosts.size() == 3);
  CHECK(plan.hosts.back() == "c");
  bool other_order = false;  // equals change places with the dice
  for (std::uint32_t dice = 0; dice < 2; ++dice) {
    const auto again = plan_exchanges({{10, "a"}, {10, "b"}}, nobody, [dice](std::uint32_t n) { return dice % n; });
    other_order |= again.hosts.front() != plan_exchanges({{10, "a"}, {10, "b"}}, nobody, first).hosts.front();
  }
  CHECK(other_order);
  using Kind = ExchangePlan::Kind;
  CHECK(plan_exchanges({}, nobody, first).kind == Kind::ImplicitDomain);
  CHECK(plan_exchanges({{0, ""}}, nobody, first).kind == Kind::NullMx);
  CHECK(plan_exchanges({{0, ""}, {10, "a"}}, nobody, first).hosts == std::vector<std::string>{"a"});
  const auto us = [](const std::string& host) { return host == "us"; };
  CHECK(plan_exchanges({{10, "a"}, {20, "us"}, {20, "b"}, {30, "c"}}, us, first).hosts == std::vector<std::string>{"a"});
  CHECK(plan_exchanges({{10, "us"}, {20, "b"}}, us, first).kind == Kind::Loop);
  CHECK(plan_exchanges({{30, "c"}, {10, "a"}, {20, "b"}, {40, "a"}}, nobody, first).preferences == std::vector<std::uint16_t>{10, 20, 30});
  CHECK(plan_exchanges({{10, "a"}, {10, "a"}}, nobody, first).hosts.size() == 1);
}
