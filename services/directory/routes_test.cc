#include "services/directory/import_export.h"
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

TEST_CASE("the first matching row wins, and can be explained") {
  DirectoryRig rig;
  const auto parsed = parse_gateway_dat("# gateways\r\nann@a.example, 192.0.2.1 ,2525\r\n*.a.example,gw1.example\n\na.example,gw2.example,25\n*@b.example,gw3.example,26\n*,[2001:db8::1],27\n");
  REQUIRE(parsed.bad.empty());
  REQUIRE(parsed.routes.size() == 5);
  REQUIRE(rig.editor.set_routes(parsed.routes));
  const auto snapshot = rig.snapshot();
  CHECK(snapshot->route(at("ANN@a.example")).row == 1);
  CHECK(snapshot->route(at("bob@a.example")).row == 3);
  CHECK(snapshot->route(at("bob@x.a.example")).row == 2);
  CHECK(snapshot->route(at("bob@b.example")).row == 4);
  CHECK(snapshot->route(at("bob@c.example")).route->host == "2001:db8::1");
  CHECK(snapshot->explain_route(at("bob@a.example")).find("row 3 (a.example,gw2.example,25) matches") != std::string::npos);
  CHECK(parse_gateway_dat(print_gateway_dat(snapshot->contents().routes)).routes == parsed.routes);
  REQUIRE(rig.editor.remove_route("*"));
  CHECK(!rig.snapshot()->route(at("bob@c.example")).route);
  CHECK(fails(rig.editor.remove_route("*"), DirectoryFailure::NotFound));
  CHECK(fails(rig.editor.add_route(parsed.routes[0], 0), DirectoryFailure::AlreadyExists));
  REQUIRE(rig.editor.add_route({"first.example", "gw.example", 25}, 1));
  CHECK(rig.snapshot()->contents().routes[0].pattern == "first.example");
}

TEST_CASE("bad rows of gateway.dat are named by line and skipped") {
  const auto parsed = parse_gateway_dat("good.example,gw.example,25\n,gw,25\nx\nx,\nx,a b,25\nx,gw,0\nx,gw,65536\nx,gw,25,more\nx,gw,2x\na@b@c,gw,25\n*|s@t.example,gw,25\nx y,gw,25\nx,[,25\nalso.good,gw");
  CHECK(parsed.routes.size() == 2);
  REQUIRE(parsed.bad.size() == 12);
  CHECK(parsed.bad.front().line == 2);
  CHECK(parsed.bad.back().line == 13);
  for (const auto& bad : parsed.bad) CHECK(bad.why.ends_with("."));
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
  const auto refused = rig.editor.add_aliases({{"ann@a.example", {"x@y.example"}}, {"z@b.example", {"x@y.example"}}}, Editor::Run::Really);
  CHECK(refused->size() == 2);
}
