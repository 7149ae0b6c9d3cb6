#include "services/directory/alias_check.h"

#include <doctest/doctest.h>

#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

using Kind = AliasTrouble::Kind;
using Why = LostTarget::Why;

struct Told {
  std::string alias, way;
};
std::vector<Told> of_kind(const std::vector<AliasTrouble>& troubles, Kind kind) {
  std::vector<Told> told;
  for (const auto& one : troubles) {
    if (one.kind != kind) continue;
    auto& last = told.emplace_back(one.alias, "");
    for (const auto& step : one.way) last.way += (last.way.empty() ? "" : ">") + step.substr(0, step.find('@'));
  }
  return told;
}

}  // namespace

TEST_CASE("alias check: sound aliases, however they meet, are no trouble") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.domain("relay.example", DomainKind::Relay);
  rig.add("ann@a.example");
  rig.alias("ann@a.example", {"ann@a.example", "ann@far.example"});  // keeps a copy: no loop
  rig.alias("sales@a.example", {"ann@a.example", "team@a.example"});
  rig.alias("team@a.example", {"ann@a.example", "x@relay.example"});
  rig.alias("both@a.example", {"sales@a.example", "team@a.example"});
  rig.alias("*@a.example", {"ann@a.example"});
  std::string to = "ann@far.example";
  for (int n = 0; n < 10; ++n) rig.alias("deep" + std::to_string(n) + "@a.example", {to}), to = "deep" + std::to_string(n) + "@a.example";
  CHECK(check_aliases(*rig.snapshot()).empty());
}

TEST_CASE("alias check: lost targets, loops and chains that are too deep are each named once") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("ann@a.example");
  rig.alias("lost@a.example", {"ann@a.example", "nobody@a.example", "x@nodot"});
  rig.alias("a@a.example", {"b@a.example", "ann@a.example"});
  rig.alias("b@a.example", {"c@a.example", "ann@a.example"});
  rig.alias("c@a.example", {"a@a.example", "B@A.example", "ann@a.example"});
  rig.alias("p*@a.example", {"ann@a.example", "pq@a.example"});  // meets itself by its prefix
  std::string to = "ann@a.example";
  for (int n = 0; n < 13; ++n) {
    const auto name = "deep" + std::string(1, static_cast<char>('a' + n)) + "@a.example";
    rig.alias(name, {to});
    to = name;
  }
  const auto snapshot = rig.snapshot();
  const auto troubles = check_aliases(*snapshot);
  std::vector<AliasTrouble> lost;
  for (const auto& one : troubles)
    if (one.kind == Kind::Lost) lost.push_back(one);
  // The three deepest aliases lead nowhere, and say so too.
  REQUIRE(!lost.empty());
  const auto named = std::ranges::find(lost, "lost@a.example", &AliasTrouble::alias);
  REQUIRE(named != lost.end());
  CHECK(named->lost == std::vector<LostTarget>{{"nobody@a.example", Why::NoAccount}, {"x@nodot", Why::NoDomain}});
  const auto loops = of_kind(troubles, Kind::Loop);
  REQUIRE(loops.size() == 3);
  CHECK(loops[0].way == "a>b>c>a");
  CHECK(loops[1].way == "b>c>b");
  CHECK(loops[2].way == "p*>p*");
  const auto deep = of_kind(troubles, Kind::TooDeep);
  REQUIRE(deep.size() == 1);
  CHECK(deep[0].way == "deepk>deepj>deepi>deeph>deepg>deepf>deepe>deepd>deepc>deepb>deepa");
  // What is called too deep is what mail does not follow, and what leads to it neither.
  CHECK(snapshot->resolve(*parse_address("deepj@a.example")).kind == RecipientKind::Local);
  CHECK(snapshot->resolve(*parse_address("deepk@a.example")).kind == RecipientKind::UnknownUser);
}

TEST_CASE("alias check: a chain of thousands is walked without recursion") {
  Contents contents;
  contents.domains.push_back({.name = "a.example"});
  for (int n = 0; n < 5'000; ++n) contents.aliases.push_back({"n" + std::to_string(n) + "@a.example", {"n" + std::to_string(n + 1) + "@a.example"}});
  contents.aliases.push_back({"n5000@a.example", {"n0@a.example"}});
  const auto troubles = check_aliases(Snapshot(std::move(contents)));
  CHECK(of_kind(troubles, Kind::Loop).size() == 1);
}
