#include "base/wire.h"
#include "services/directory/gateway_text.h"
#include "services/directory/import_export.h"
#include "services/directory/route_table.h"
#include "services/directory/rows.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

TEST_CASE("patterns match as gateway.dat means them") {
  struct Row { std::string_view pattern, text; bool want; };
  for (const auto& [pattern, text, want] : std::initializer_list<Row>{
           {"*", "", true}, {"*", "a.example", true}, {"a.example", "A.Example", true}, {"a.example", "b.example", false},
           {"a.example", "sub.a.example", false}, {"*.a.example", "sub.a.example", true}, {"*.a.example", "a.example", false},
           {"*.a.example", "xa.example", false}, {"*a.example", "xa.example", true}, {"a*e", "ae", true}, {"a*e", "abcde", true},
           {"a*e", "abcd", false}, {"*a*b*", "xxaxxbxx", true}, {"*a*b*", "xxbxxaxx", false}, {"", "a", false}, {"a**b", "ab", true}})
    CHECK_MESSAGE(matches_pattern(pattern, text) == want, pattern << " " << text);
  // The worst case stays cheap: 300 x 300 steps.
  CHECK(!matches_pattern("*a*a*a*a*a*a*a*b", std::string(300, 'a')));
}

namespace {

struct Table {
  DirectoryRig rig;
  explicit Table(std::string_view text) {
    const auto set = rig.editor.set_route_text(text);
    REQUIRE_MESSAGE(set, why(set));
  }
  std::size_t row(std::string_view recipient, std::string_view sender = "s@sender.example") {
    return rig.snapshot()->route(at(recipient), sender.empty() ? ReversePath{} : ReversePath{at(sender)}).row;
  }
  std::string target(std::string_view recipient) {
    const auto route = rig.snapshot()->route(at(recipient), {at("s@sender.example")}).route;
    return route ? print_target(*route) : "dns";
  }
};

}  // namespace

TEST_CASE("the seed's first example: two domains have gateways, the rest goes by hosts and DNS") {
  Table table("*.abc.jp,smtp01.domain.jp,25\n*.def.jp,smtp02.domain.jp,25\n");
  CHECK(table.target("a@mail.abc.jp") == "smtp01.domain.jp,25");
  CHECK(table.target("a@abc.jp") == "smtp01.domain.jp,25");
  CHECK(table.target("a@DEF.jp") == "smtp02.domain.jp,25");
  for (const auto* other : {"a@xabc.jp", "a@ghi.jp", "a@abc.jp.example", "a@jp"}) CHECK_MESSAGE(table.target(other) == "dns", other);
}

TEST_CASE("the seed's second example: one row for everything, and the global gateway is not looked at") {
  Table table("*,smtp.domain.jp,25\n");
  REQUIRE(table.rig.editor.set_gateway(*parse_gateway("gw.domain.jp,26")));
  CHECK(table.target("a@any.example") == "smtp.domain.jp,25");
  CHECK(table.row("a@any.example") == 1);
  REQUIRE(table.rig.editor.set_route_text("abc.jp,smtp.domain.jp,25"));
  CHECK(table.target("a@any.example") == "gw.domain.jp,26");
  CHECK(table.row("a@any.example") == 0);
  REQUIRE(table.rig.editor.set_gateway(std::nullopt));
  CHECK(table.target("a@any.example") == "dns");
}

TEST_CASE("*.domain covers the domain itself unless it has a row of its own") {
  Table table("*.abc.jp,gw1,25\n*,gw2,25\nabc.jp,gw3,25\n");
  CHECK(table.row("a@x.abc.jp") == 1);
  CHECK(table.row("a@abc.jp") == 2);  // its own row is the third, so the first does not cover it: the second comes first
  Table other("*.abc.jp,gw1,25\nabc.jp|boss@abc.jp,gw2,25\n");
  CHECK(other.row("a@abc.jp") == 1);
  CHECK(other.row("a@abc.jp", "boss@abc.jp") == 2);
  CHECK(other.row("a@x.abc.jp", "boss@abc.jp") == 1);
  Table addresses("a@abc.jp,gw0,25\n*.abc.jp,gw1,25\n*@*.abc.jp,gw2,25\n");
  CHECK(addresses.row("a@abc.jp") == 1);
  CHECK(addresses.row("b@abc.jp") == 2);
  Table odd("*@*.abc.jp,gw1,25\n**.abc.jp,gw2,25\n*.*.abc.jp,gw3,25\n");
  CHECK(odd.row("a@abc.jp") == 0);
}

TEST_CASE("a table joined from files of Windows has their marks before rows, not in patterns") {
  const auto parsed = parse_gateway_dat("\xef\xbb\xbf# one\r\na.example,gw1\r\n\xef\xbb\xbf\xef\xbb\xbf" "b.example,gw2\r\n \xef\xbb\xbf" "c.example,gw3\n");
  REQUIRE(parsed.routes.size() == 2);
  CHECK(parsed.routes[1].pattern == "b.example");
  CHECK(parse_gateway_dat("a.example,gw1\r\r\n").routes == parse_gateway_dat("a.example,gw1\n").routes);
  REQUIRE(parsed.bad.size() == 1);
  CHECK(parsed.bad[0].line == 4);
}

TEST_CASE("a sender condition is part of the match") {
  Table table("*|user@tenant.example,tenant.mail.example,25\nb.example|*.corp.example,gw2,25\nb.example|<>,gw3,25\nb.example|*@tenant.example,gw4,25\nb.example,gw5,25\n");
  CHECK(table.row("x@any.example", "user@tenant.example") == 1);
  CHECK(table.row("x@b.example", "USER@tenant.example") == 1);
  CHECK(table.row("x@b.example", "other@tenant.example") == 4);
  CHECK(table.row("x@b.example", "a@x.corp.example") == 2);
  CHECK(table.row("x@b.example", "") == 3);
  CHECK(table.row("x@b.example") == 5);
  CHECK(table.row("x@any.example") == 0);
  CHECK(table.row("x@any.example", "") == 0);
}

TEST_CASE("the first matching row wins") {
  Table table("# gateways\r\nann@a.example, 192.0.2.1 ,2525\r\n*.a.example,gw1.example\n\na.example,gw2.example,25\n*@b.example,gw3.example,26\n*,[2001:db8::1],27\n");
  CHECK(table.row("ANN@a.example") == 1);
  CHECK(table.row("bob@a.example") == 3);
  CHECK(table.row("bob@x.a.example") == 2);
  CHECK(table.row("bob@b.example") == 4);
  CHECK(table.target("bob@c.example") == "2001:db8::1,27");
  auto& editor = table.rig.editor;
  REQUIRE(editor.remove_route("*"));
  CHECK(table.row("bob@c.example") == 0);
  CHECK(fails(editor.remove_route("*"), DirectoryFailure::NotFound));
  CHECK(fails(editor.add_route(*parse_route("ann@a.example,192.0.2.1,2525"), 0), DirectoryFailure::AlreadyExists));
  REQUIRE(editor.add_route(*parse_route("first.example,gw.example"), 1));
  REQUIRE(editor.add_route(*parse_route("last.example,gw.example"), 0));
  CHECK(table.rig.snapshot()->contents().route_text ==
        "# gateways\nfirst.example,gw.example,25\nann@a.example, 192.0.2.1 ,2525\n*.a.example,gw1.example\n\na.example,gw2.example,25\n*@b.example,gw3.example,26\nlast.example,gw.example,25\n");
}

TEST_CASE("a row says how its hosts are spoken to, and prints as it was meant") {
  const auto row = *parse_route("*@b.example | <> , gw1:26 gw2.example [2001:DB8::2]:27 2001:db8::3 , 2525 , tls=Verified , login=relay@isp.example, auth=XOAUTH2, source=192.0.2.9, source=2001:db8::9, fallback=last.example");
  CHECK(row.sender == "<>");
  CHECK(row.hosts == std::vector<RouteHost>{{"gw1", 26}, {"gw2.example", 2525}, {"2001:db8::2", 27}, {"2001:db8::3", 2525}});
  CHECK(row.terms.tls == RouteTls::Verified);
  CHECK(row.terms.login == "relay@isp.example");
  CHECK(row.terms.mechanism == "XOAUTH2");
  CHECK(row.terms.fallback == RouteHost{"last.example", 25});
  CHECK(row.terms.fallback_after == 3);
  CHECK(*parse_route(print_route(row)) == row);
  CHECK(parse_route("x,gw,lmtp")->hosts.front().port == 24);
  CHECK(parse_route("x,gw,,lmtp")->hosts.front().port == 24);
  CHECK(parse_route("x,gw,2424,lmtp")->terms.protocol == RouteProtocol::Lmtp);
  CHECK(print_route(*parse_route("X.example,gw:26")) == "x.example,gw,26");
}

TEST_CASE("bad rows of gateway.dat are named by line and skipped") {
  const std::vector<std::string> bad_rows{",gw,25", "x", "x,", "x,a b/,25", "x,gw,0", "x,gw,65536", "x,gw,25,more", "x,gw,2x", "a@b@c,gw,25",
                                          "*|,gw,25", "*|a b,gw,25", "*|a|b,gw,25", "x y,gw,25", "x,[,25", "x,[gw],25", "x,gw:,25", "x,gw:0,25",
                                          "x,:::,25", "x,1:2:3:4,25", "x,[2001:db8::1]25", "x,gw,25,tls=", "x,gw,25,tls=yes", "x,gw,25,auth=plain",
                                          "x,gw,25,login=", "x,gw,25,login=u,auth=md5", "x,gw,25,login=u,auth=plain,tls=none", "x,gw,25,source=gw",
                                          "x,gw,25,source=192.0.2.1,source=192.0.2.2", "x,gw,25,fallback=", "x,gw,25,after=3",
                                          "x,gw,25,fallback=f,after=0", "x,gw,25,lmtp=1", "x,1 2 3 4 5 6 7 8 9 10 11,25", "x,gw,25,,,,,,,,,,,,,,,,,,,,,lmtp"};
  std::string text = "good.example,gw.example,25\n";
  for (const auto& row : bad_rows) text += row + "\n";
  const auto parsed = parse_gateway_dat(text + "also.good,gw");
  CHECK(parsed.routes.size() == 2);
  REQUIRE(parsed.bad.size() == bad_rows.size());
  for (std::size_t n = 0; n < parsed.bad.size(); ++n) {
    CHECK_MESSAGE(parsed.bad[n].line == n + 2, bad_rows[n]);
    CHECK(parsed.bad[n].why.ends_with("."));
  }
}

TEST_CASE("the table keeps comments and order, and a faulty text changes nothing") {
  Table table("# first\r\n\r\n*.abc.jp , gw1\r\n; second\n' third\nabc.jp,gw2");
  const auto kept = table.rig.snapshot()->contents().route_text;
  CHECK(kept == "# first\n\n*.abc.jp , gw1\n; second\n' third\nabc.jp,gw2\n");
  const auto refused = table.rig.editor.set_route_text("good.example,gw\nbad row\n");
  CHECK(fails(refused, DirectoryFailure::BadValue));
  CHECK(why(refused).starts_with("line 2: "));
  CHECK(table.rig.snapshot()->contents().route_text == kept);
  CHECK(fails(table.rig.editor.set_route_text("x.example,gw\n", "something else"), DirectoryFailure::Unavailable));
  REQUIRE(table.rig.editor.set_route_text("x.example,gw\n", kept));
  CHECK(table.rig.snapshot()->contents().routes.size() == 1);
}

TEST_CASE("a table of many rows is stored in few pieces and read back whole") {
  std::string text = "# many\n";
  for (int n = 0; n < 5'000; ++n) text += "d" + std::to_string(n) + ".example,gw" + std::to_string(n % 7) + ".example,25\n";
  Table table(text);
  CHECK(table.rig.snapshot()->contents().route_text == text);
  CHECK(table.row("a@d4999.example") == 5'000);
  CHECK(rows::encode_route_text(text).size() < 10);
}

TEST_CASE("a table written by the first release is read") {
  DirectoryRig rig;
  storage::Batch batch;
  batch.changes.emplace_back(storage::Put{rows::route_key(0), WireWriter{}.u8(1).text("*.abc.jp").text("gw1").u32(26).bytes()});
  batch.changes.emplace_back(storage::Put{rows::route_key(1), WireWriter{}.u8(1).text("*").text("2001:db8::1").u32(25).bytes()});
  REQUIRE(rig.engine.commit(partition, std::move(batch), storage::Durability::Flushed, Instant::max()));
  CHECK(rig.snapshot()->contents().route_text == "*.abc.jp,gw1,26\n*,2001:db8::1,25\n");
  CHECK(rig.snapshot()->contents().routes.size() == 2);
}

TEST_CASE("E-Post's account table comes in and goes out") {
  const auto parsed = parse_accounts("Account\tPass\tFullname\tDomain\r\nann\tpw1\tAnn 山田\ta.example\t\t1\t0\t1048576\t1\t0\r\nbob\t$6$salt$hash\tBob\ta.example\n"
                                     "\tpw\tNobody\ta.example\nx y\tp\t\ta.example\neve\tp\t\t\nann2\tp\t\ta.example\t\t2\nann3\tp\t\ta.example\t\t1\t0\tmuch\n", "");
  REQUIRE(parsed.accounts.size() == 2);
  CHECK(parsed.accounts[0].account.full_name == "Ann 山田");
  CHECK(parsed.accounts[0].account.quota_octets == 1048576);
  CHECK(parsed.accounts[0].account.imap == Enabled::No);
  CHECK(parsed.accounts[0].password == "pw1");
  CHECK(parsed.accounts[1].hash == "$6$salt$hash");
  CHECK(parsed.lines == std::vector<std::size_t>{2, 3});
  CHECK(parsed.bad.size() == 5);
  CHECK(parsed.bad[0].line == 4);
  const auto moved = parse_accounts("ann\tpw\t\tother.example\n", "B.example");
  REQUIRE(moved.accounts.size() == 1);
  CHECK(moved.accounts[0].account.address == at("ann@b.example"));
  const auto again = parse_accounts(print_accounts({parsed.accounts[0].account}), "");
  REQUIRE(again.accounts.size() == 1);
  CHECK(again.accounts[0].account == parsed.accounts[0].account);
}

TEST_CASE("the alias table comes in and goes out") {
  const auto parsed = parse_aliases("info@a.example\tann@a.example\r\ninfo@a.example\tx@y.example\n*@a.example\teve@a.example\nno domain\tx@y.example\ninfo@a.example\nx@a.example\tnobody\na*b@a.example\tx@y.example\nq@a.example\ta@b.example\tc\n");
  CHECK(parsed.aliases.size() == 3);
  CHECK(parsed.bad.size() == 5);
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("ann@a.example");
  auto dry = rig.editor.add_aliases(parsed.aliases, Editor::Run::Dry);
  REQUIRE(dry);
  CHECK(dry->empty());
  CHECK(rig.snapshot()->contents().aliases.empty());
  REQUIRE(rig.editor.add_aliases(parsed.aliases, Editor::Run::Really)->empty());
  CHECK(print_aliases(rig.snapshot()->contents().aliases) == "*@a.example\teve@a.example\ninfo@a.example\tann@a.example\ninfo@a.example\tx@y.example\n");
  const auto refused = rig.editor.add_aliases({{"ann@a.example", {}}, {"z@b.example", {"x@y.example"}}}, Editor::Run::Really);
  CHECK(refused->size() == 2);
}
