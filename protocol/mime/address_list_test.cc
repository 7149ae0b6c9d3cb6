#include <doctest/doctest.h>

#include "protocol/mime/address_list.h"

using namespace hikyaku::mime;

namespace {
// "name|route|mailbox|host", groups as "{name" and "}", joined with " / ".
std::string shown(std::string_view value, AddressLimits limits = {}) {
  TextStore store;
  std::string out;
  for (const auto& entry : parse_address_list(value, store, limits)) {
    if (!out.empty()) out += " / ";
    if (entry.kind == ListedAddress::Kind::GroupStart) out += "{" + std::string(entry.mailbox);
    else if (entry.kind == ListedAddress::Kind::GroupEnd) out += "}";
    else
      out += std::string(entry.name) + "|" + std::string(entry.route) + "|" + std::string(entry.mailbox) + "|" +
             std::string(entry.host);
  }
  return out;
}
}  // namespace

TEST_CASE("addresses: RFC 5322 appendix A and RFC 9051") {
  const std::pair<const char*, const char*> rows[] = {
      {"John Doe <jdoe@machine.example>", "John Doe||jdoe|machine.example"},
      {"\"Joe Q. Public\" <john.q.public@example.com>", "Joe Q. Public||john.q.public|example.com"},
      {"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
       "Mary Smith||mary|x.test / ||jdoe|example.org / Who?||one|y.test"},
      {"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
       "||boss|nil.test / Giant; \"Big\" Box||sysservices|example.net"},
      {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
       "{A Group / Ed Jones||c|a.test / ||joe|where.test / John||jdoe|one.test / }"},
      {"Undisclosed recipients:;", "{Undisclosed recipients / }"},
      {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete||pete|silly.test"},
      {"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n"
       "  John <jdoe@one.test> (my dear friend); (the end of the group)",
       "{A Group / Chris Jones||c|public.example / ||joe|example.org / John||jdoe|one.test / }"},
      {"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "{Hidden recipients / }"},
      {"Joe Q. Public <john.q.public@example.com>", "Joe Q. Public||john.q.public|example.com"},
      {"Mary Smith <@node.test,@other:mary@example.net>, , jdoe@test  . example",
       "Mary Smith|@node.test,@other|mary|example.net / ||jdoe|test.example"},
      {"\"a b\"@x", "||a b|x"},
      {"a@[192.0.2.1]", "||a|[192.0.2.1]"},
      {"a@[IPv6:2001:db8::1]", "||a|[IPv6:2001:db8::1]"},
      {"jdoe@x (John Doe)", "John Doe||jdoe|x"},
      {"日本 <ユーザー@例え.jp>", "日本||ユーザー|例え.jp"},
  };
  for (const auto& [value, want] : rows) CHECK(shown(value) == want);
}

TEST_CASE("addresses: broken ones as found in the wild") {
  const std::pair<std::string, const char*> rows[] = {
      {"", ""},
      {" , ,; ", ""},
      {"<>", ""},
      {"Name <>", "Name|||"},
      {"root", "||root|"},
      {"No Address Here", "No Address Here|||"},
      {"a@b c@d", "||a|b / ||c|d"},
      {"<a@b><c@d>", "||a|b / ||c|d"},
      {"a@b <a@b>", "a@b||a|b"},
      {"a@b <c@d>, e@f", "a@b||c|d / ||e|f"},
      {"<a@b> Name", "Name||a|b"},
      {"a@b junk", "||a|b"},
      {"a@b\nc@d", "||a|b / ||c|d"},
      {"A <a@b> B <c@d>", "A||a|b / B||c|d"},
      {"A <a@b", "A||a|b"},
      {"A <a@b, c@d", "A||a|b / ||c|d"},
      {"John Doe jdoe@x", "John Doe||jdoe|x"},
      {"a@b; c@d", "||a|b / ||c|d"},
      {"a.@b", "||a.|b"},
      {"a..b@c", "||a..b|c"},
      {"@b", "|||b"},
      {"a@", "||a|"},
      {"a@b>", "||a|b"},
      {"\"unclosed <a@b>", "||unclosed <a@b>|"},
      {"(unclosed <a@b>", ""},
      {"Group: a@b", "{Group / ||a|b / }"},
      {"G1: a@b; G2: c@d;", "{G1 / ||a|b / } / {G2 / ||c|d / }"},
      {"G1: G2: c@d;", "{G1 / } / {G2 / ||c|d / }"},
      {"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?= <a@b>", "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=||a|b"},
      {"=?utf-8?Q?Doe,_John?= <a@b>", "=?utf-8?Q?Doe,_John?=||a|b"},
      {"\x1b$B\x22\x2c\x40\x1b(B <a@b>", "\x1b$B\x22\x2c\x40\x1b(B||a|b"},  // raw ISO-2022-JP with '"', ',' and '@' inside
      {"\x83\x40\x83\x5c <a@b>", "\x83\x40\x83\x5c||a|b"},                  // raw Shift_JIS: ァソ
      {"\"\x83\x5c\" <a@b>", "\x83\x5c||a|b"},
      {std::string("a\0b@c", 5), "||ab|c"},
  };
  for (const auto& [value, want] : rows) {
    INFO(value);
    CHECK(shown(value) == want);
  }
}

TEST_CASE("addresses: bounded") {
  std::string many;
  for (int i = 0; i < 50; ++i) many += "a@b,";
  CHECK(shown(many, {.max_entries = 2}) == "||a|b / ||a|b");
  CHECK(shown(std::string(100'000, '(')) == "");
  CHECK(shown(std::string(100'000, '<')) == "");
}

TEST_CASE("addresses: text") {
  CHECK(address_text({.mailbox = "a", .host = "b"}) == "a@b");
  CHECK(address_text({.mailbox = "a b", .host = "b"}) == "\"a b\"@b");
  CHECK(address_text({.mailbox = "root"}) == "root");
  CHECK(address_text({}) == "");
}
