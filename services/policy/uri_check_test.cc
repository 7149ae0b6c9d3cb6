#include "services/policy/uri_check.h"

#include <doctest/doctest.h>

#include <memory>

#include "services/policy/test_zone.h"

using namespace hikyaku;
using namespace hikyaku::policy;
using Hosts = std::vector<std::string>;

namespace {
Hosts in(std::string_view text, TextKind kind = TextKind::Plain) {
  Hosts hosts;
  add_uri_hosts(text, kind, hosts);
  return hosts;
}
}  // namespace

TEST_CASE("links of a text are found as people would click them") {
  struct Row {
    std::string_view text;
    Hosts want;
  };
  for (const auto& row : {Row{"See http://Bad.Example/x and https://bad.example.", {"bad.example"}}, Row{"http://user:pass@bad.example:8080/x", {"bad.example"}}, Row{"http://good.example@bad.example/", {"bad.example"}},
                          Row{"(www.bad.example)", {"www.bad.example"}}, Row{"WWW.Bad.example!", {"www.bad.example"}}, Row{"http:\\\\bad.example\\x", {"bad.example"}}, Row{"https:bad.example", {"bad.example"}},
                          Row{"http:////bad.example", {"bad.example"}}, Row{"http://bad%2eexample/", {"bad.example"}}, Row{"http://192.0.2.7/x", {"192.0.2.7"}}, Row{"http://日本語.example/", {"xn--wgv71a119e.example"}},
                          Row{"<a href=\"http://bad.example\">http://good.example</a>", {"bad.example", "good.example"}}, Row{"http://a.example http://b.example http://A.example", {"a.example", "b.example"}},
                          Row{"", {}}, Row{"http://", {}}, Row{"http:// bad.example", {}}, Row{"xhttp://bad.example", {}}, Row{"ftp://bad.example", {}}, Row{"mywww.bad.example", {}}, Row{"http://localhost/", {}},
                          Row{"http://bad..example/", {}}, Row{"http://-bad.example/", {}}, Row{"http://[2001:db8::1]/", {}}, Row{"mailto:x@bad.example", {}}, Row{"http://" , {}}, Row{"bad.example", {}}})
    CHECK_MESSAGE(in(row.text) == row.want, row.text);
  CHECK(in("http://" + std::string(300, 'a') + ".example/").empty());
  CHECK(in("http://" + std::string(10'000, 'a') + ".example/").empty());
  std::string many;
  for (int n = 0; n < 500; ++n) many += "http://h" + std::to_string(n) + ".example ";
  CHECK(in(many).size() == most_uri_hosts);
}

TEST_CASE("character references hide no link in HTML") {
  for (const auto* text : {"http&#58;//bad.example/", "http://bad&#x2E;example/", "http://bad&#46;example/", "http&colon;&sol;&sol;bad&period;example/", "&#104;ttp://bad.example/"}) CHECK_MESSAGE(in(text, TextKind::Html) == Hosts{"bad.example"}, text);
  CHECK(in("http://bad&#46;example/").empty());
  for (const auto* text : {"&", "&;", "&#;", "&#x;", "&#99999999999;", "&#xzz;", "&#46", "&nosuch;", "&#0;"}) CHECK(in(text, TextKind::Html).empty());
}

TEST_CASE("all text parts of a message are looked through, and nothing else") {
  const std::string mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhttp://a.example/\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<a href=3D\"http://b=\r\n.example/\">\r\n"
                            "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naHR0cDovL2MuZXhhbXBsZS8=\r\n--b\r\nContent-Type: application/pdf\r\n\r\nhttp://d.example/\r\n"
                            "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhttp://e.example/\r\n--b--\r\n";
  CHECK(uri_hosts_in(mixed) == Hosts{"a.example", "b.example", "c.example", "e.example"});
  CHECK(uri_hosts_in(mixed.substr(0, mixed.find("--b\r\nContent-Type: app"))) == Hosts{"a.example", "b.example", "c.example"});
  CHECK(uri_hosts_in("Subject: http://a.example\r\n\r\nHello").empty());
  CHECK(uri_hosts_in("").empty());
}

TEST_CASE("registered domains are looked up, addresses backwards, and failures refuse nobody") {
  const auto suffixes = dmarc::PublicSuffixList::parse("example\nco.jp\njp\n");
  const std::vector<DnsList> lists{*parse_dns_list("uri.example"), *parse_dns_list("other.example=127.0.0.4")};
  struct Row {
    const char* name;
    Hosts hosts;
    std::map<std::string, std::string> zone;
    std::string domain;
    bool unsure = false;
  };
  for (const auto& row : {Row{"listed", {"x.y.bad.example"}, {{"bad.example.uri.example", "127.0.1.2"}}, "bad.example"}, Row{"co.jp", {"www.bad.co.jp"}, {{"bad.co.jp.uri.example", "127.0.1.2"}}, "bad.co.jp"},
                          Row{"a suffix itself", {"co.jp"}, {{"co.jp.uri.example", "127.0.1.2"}}, "co.jp"}, Row{"an address", {"192.0.2.7"}, {{"7.2.0.192.uri.example", "127.0.1.2"}}, "192.0.2.7"},
                          Row{"the second", {"a.example", "bad.example"}, {{"bad.example.uri.example", "127.0.1.2"}}, "bad.example"}, Row{"none", {"a.example"}, {}, ""}, Row{"no hosts", {}, {}, ""},
                          Row{"addresses are not wanted there", {"192.0.2.7"}, {{"7.2.0.192.uri.example", "127.0.1.255"}}, ""}, Row{"another answer", {"bad.example"}, {{"bad.example.other.example", "127.0.0.2"}}, ""},
                          Row{"the answer that counts", {"bad.example"}, {{"bad.example.other.example", "127.0.0.4"}}, "bad.example"}, Row{"not for us", {"bad.example"}, {{"bad.example.uri.example", "127.255.255.254"}}, ""},
                          Row{"DNS fails", {"bad.example"}, {{"bad.example.uri.example", "!"}}, "", true}}) {
    testing::TestZone zone;
    for (const auto& [name, answer] : row.zone) zone.put(RecordType::A, name, {answer});
    const UriCheck check(row.hosts, lists, {}, &suffixes);
    const auto found = zone.until_known([&](Answers& answers) { return check.results(answers); });
    CHECK_MESSAGE(found.domain == row.domain, row.name);
    CHECK_MESSAGE(found.unsure == row.unsure, row.name);
  }
  Hosts many;
  for (int n = 0; n < 100; ++n) many.push_back("h" + std::to_string(n) + ".example");
  CHECK(UriCheck(many, lists, {}, &suffixes).domains().size() == UriCheck::most_domains);
  CHECK(UriCheck({"x.y.bad.example"}, lists, {}, nullptr).domains() == Hosts{"x.y.bad.example"});
}

TEST_CASE("no list is asked about exempt hosts") {
  const auto suffixes = dmarc::PublicSuffixList::parse("example\n");
  const std::vector<DnsList> lists{*parse_dns_list("uri.example")};
  const Hosts exempt{"good.example", "www.half.example", "192.0.2.7", "2.8"};
  struct Row {
    std::string host;
    Hosts asked;
  };
  for (const auto& row : {Row{"good.example", {}}, Row{"a.b.good.example", {}}, Row{"notgood.example", {"notgood.example"}}, Row{"www.half.example", {}}, Row{"x.www.half.example", {}}, Row{"half.example", {"half.example"}},
                          Row{"other.half.example", {"half.example"}}, Row{"192.0.2.7", {}}, Row{"192.0.2.8", {"192.0.2.8"}}})
    CHECK_MESSAGE(UriCheck({row.host}, lists, exempt, &suffixes).domains() == row.asked, row.host);
}

TEST_CASE("what is kept of texts is bounded, each and together") {
  std::vector<std::unique_ptr<UriText>> all;
  const std::string much(700'000, 'x');
  std::size_t together = 0;
  for (int n = 0; n < 200; ++n) {
    all.push_back(std::make_unique<UriText>());
    all.back()->feed(much);
    all.back()->feed(much);
    CHECK(all.back()->text().size() <= UriText::most_octets);
    together += all.back()->text().size();
  }
  CHECK(together <= UriText::most_octets_together);
  all.clear();
  UriText alone;
  alone.feed(much);
  alone.feed(much);
  CHECK(alone.text().size() == UriText::most_octets);
  UriText moved(std::move(alone));
  CHECK(moved.text().size() == UriText::most_octets);
}
