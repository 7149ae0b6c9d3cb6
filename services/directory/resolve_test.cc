#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

TEST_CASE("what is no address") {
  for (const std::string_view bad : {"", "@", "a@", "@b", "a", "a@b..c", "a@-b", "a@b-", "a@b c", "a\n@b", "a@[", "a@[]", "a@[1 2]", "a@b_,c"})
    CHECK_MESSAGE(!parse_address(bad), bad);
  CHECK(!parse_address(std::string(65, 'a') + "@b"));
  CHECK(!parse_address("a@" + std::string(64, 'b')));
  CHECK(parse_address("\"a b\"@B.Example")->domain == "b.example");
  CHECK(parse_address("a@b@c.example")->local_part == "a@b");
  CHECK(parse_address("a@[192.0.2.1]"));
}

TEST_CASE("recipients of every kind") {
  DirectoryRig rig;
  rig.domain("a.example"), rig.domain("relay.example", DomainKind::Relay), rig.domain("pass.example", DomainKind::LocalPassUnknown);
  const auto ann = rig.add("Ann@a.example");
  const auto off_id = rig.add("off@a.example");
  auto off = *rig.snapshot()->account(off_id);
  off.enabled = Enabled::No;
  REQUIRE(rig.editor.change_account(off));
  rig.add("here@pass.example");
  rig.alias("team@a.example", {"ann@a.example", "x@elsewhere.example", "ANN@A.EXAMPLE"});
  rig.alias("broken@a.example", {"nobody@a.example"});
  rig.alias("moved@relay.example", {"ann@a.example"});

  CHECK(rig.kind("ANN@A.EXAMPLE") == RecipientKind::Local);
  CHECK(rig.kind("nobody@a.example") == RecipientKind::UnknownUser);
  CHECK(rig.kind("broken@a.example") == RecipientKind::UnknownUser);
  CHECK(rig.kind("off@a.example") == RecipientKind::Disabled);
  CHECK(rig.kind("anyone@relay.example") == RecipientKind::Relay);
  CHECK(rig.kind("unknown@pass.example") == RecipientKind::Relay);
  CHECK(rig.kind("here@pass.example") == RecipientKind::Local);
  CHECK(rig.kind("x@elsewhere.example") == RecipientKind::NotOurs);
  CHECK(rig.kind("x@sub.a.example") == RecipientKind::NotOurs);
  CHECK(rig.kind("x@nodots") == RecipientKind::UnknownDomain);
  CHECK(rig.kind("moved@relay.example") == RecipientKind::Local);

  const auto team = rig.snapshot()->resolve(at("team@a.example"));
  REQUIRE(team.local.size() == 1);
  CHECK(team.local[0].account == ann);
  CHECK(team.remote == std::vector<Address>{at("x@elsewhere.example")});
  CHECK(team.problem.empty());
  CHECK(!rig.snapshot()->resolve(at("broken@a.example")).problem.empty());
}

TEST_CASE("a subaddress goes to the account's mailbox, unless somebody has the whole name") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("ann@a.example"), rig.add("ann+own@a.example");
  rig.alias("info@a.example", {"ann@a.example"});
  auto resolved = rig.snapshot()->resolve(at("ann+Lists/dev@a.example"));
  REQUIRE(resolved.local.size() == 1);
  CHECK(resolved.local[0].mailbox == "lists/dev");
  CHECK(resolved.local[0].address == at("ann@a.example"));
  CHECK(rig.snapshot()->resolve(at("ann+own@a.example")).local[0].mailbox.empty());
  CHECK(rig.snapshot()->resolve(at("info+x@a.example")).local.size() == 1);
  CHECK(rig.kind("+x@a.example") == RecipientKind::UnknownUser);
  CHECK(rig.kind("nobody+x@a.example") == RecipientKind::UnknownUser);
}

TEST_CASE("aliases: exact before prefix before account's absence before catch-all; loops end") {
  DirectoryRig rig;
  rig.domain("a.example");
  const auto ann = rig.add("ann@a.example"), bob = rig.add("bob@a.example"), eve = rig.add("eve@a.example");
  rig.alias("*@a.example", {"eve@a.example"});
  rig.alias("sales*@a.example", {"bob@a.example"});
  rig.alias("sales-jp*@a.example", {"ann@a.example"});
  rig.alias("sales-x@a.example", {"eve@a.example"});
  const auto who = [&](std::string_view address) {
    const auto resolved = rig.snapshot()->resolve(at(address));
    return resolved.local.size() == 1 ? resolved.local[0].account : AccountId{};
  };
  CHECK(who("sales@a.example") == bob);
  CHECK(who("sales-jp-1@a.example") == ann);
  CHECK(who("sales-x@a.example") == eve);
  CHECK(who("whatever@a.example") == eve);
  CHECK(who("ann@a.example") == ann);
  rig.alias("one@a.example", {"two@a.example"}), rig.alias("two@a.example", {"one@a.example", "ann@a.example"});
  CHECK(who("one@a.example") == ann);
  CHECK(fails(rig.editor.add_alias("self@a.example", {"self@a.example"}), DirectoryFailure::BadValue));
  for (int i = 0; i < 12; ++i)
    rig.alias("deep" + std::to_string(i) + "@a.example", {"deep" + std::to_string(i + 1) + "@a.example"});
  rig.alias("deep12@a.example", {"ann@a.example"});
  CHECK(rig.kind("deep0@a.example") == RecipientKind::UnknownUser);
  CHECK(who("deep5@a.example") == ann);
}

TEST_CASE("postmaster is always there, once anybody can read its mail") {
  DirectoryRig rig;
  rig.domain("a.example"), rig.domain("b.example");
  CHECK(rig.kind("postmaster@a.example") == RecipientKind::UnknownUser);
  const auto ann = rig.add("ann@a.example");
  const auto bob = rig.add("bob@b.example");
  CHECK(rig.snapshot()->resolve(at("postmaster@a.example")).local[0].account == ann);
  CHECK(rig.snapshot()->resolve(at("postmaster@b.example")).local[0].account == bob);
  const auto admin = rig.add("root@b.example", Enabled::Yes);
  CHECK(rig.snapshot()->resolve(at("PostMaster@a.example")).local[0].account == admin);
  CHECK(rig.snapshot()->resolve({"postmaster", ""}).local[0].account == admin);
  REQUIRE(rig.editor.set_postmaster("ann@a.example"));
  CHECK(rig.snapshot()->resolve(at("postmaster@b.example")).local[0].address == at("ann@a.example"));
  CHECK(fails(rig.editor.set_postmaster("nobody@a.example"), DirectoryFailure::NotFound));
}

TEST_CASE("an account may send as itself and as the aliases that lead to it") {
  DirectoryRig rig;
  rig.domain("a.example"), rig.domain("b.example"), rig.domain("relay.example", DomainKind::Relay);
  const auto ann = rig.add("ann@a.example"), bob = rig.add("bob@a.example");
  rig.alias("team@a.example", {"ann@a.example"}), rig.alias("*@b.example", {"bob@a.example"});
  const auto snapshot = rig.snapshot();
  const auto owns = [&](AccountId id, std::string_view address) { return snapshot->owns(id, {at(address)}); };
  CHECK(owns(ann, "ANN@a.example"));
  CHECK(owns(ann, "ann+x@a.example"));
  CHECK(owns(ann, "team@a.example"));
  CHECK(snapshot->owns(ann, {}));
  CHECK(owns(bob, "anything@b.example"));
  CHECK(!owns(bob, "team@a.example"));
  CHECK(!owns(ann, "bob@a.example"));
  CHECK(!owns(ann, "nobody@a.example"));
  CHECK(!owns(ann, "ann@relay.example"));
  CHECK(!owns(ann, "ann@elsewhere.example"));
  CHECK(!snapshot->owns(AccountId{}, {}));
  CHECK(!snapshot->owns(AccountId{99}, {at("ann@a.example")}));
}

TEST_CASE("an alias of an account's own name keeps a copy, or does not") {
  DirectoryRig rig;
  rig.domain("a.example");
  const auto ann = rig.add("ann@a.example");
  rig.alias("ann@a.example", {"Ann@a.example", "ann@elsewhere.example"});
  auto resolved = rig.snapshot()->resolve(at("ANN@a.example"));
  CHECK(resolved.kind == RecipientKind::Local);
  REQUIRE(resolved.local.size() == 1);
  CHECK(resolved.local[0].account == ann);
  CHECK(resolved.remote == std::vector<Address>{at("ann@elsewhere.example")});
  CHECK(resolved.through == std::vector<std::string>{"ann@a.example"});
  resolved = rig.snapshot()->resolve(at("ann@a.example"), Snapshot::most_targets, Aliases::Done);  // what the alias has led to
  CHECK(resolved.local.size() == 1);
  CHECK(resolved.remote.empty());
  REQUIRE(rig.editor.remove_alias("ann@a.example", {"ann@a.example"}));
  resolved = rig.snapshot()->resolve(at("ann@a.example"));
  CHECK(resolved.local.empty());
  CHECK(resolved.remote.size() == 1);
  CHECK(rig.snapshot()->owns(ann, {at("ann@a.example")}));
  // Two that forward to each other and keep copies: one copy each, no loop.
  rig.add("bob@a.example");
  rig.alias("bob@a.example", {"bob@a.example", "ann@a.example"});
  REQUIRE(rig.editor.remove_alias("ann@a.example", {}));
  rig.alias("ann@a.example", {"ann@a.example", "bob@a.example"});
  CHECK(rig.snapshot()->resolve(at("bob@a.example")).local.size() == 2);
  CHECK(fails(rig.editor.add_alias("eve@a.example", {"eve@a.example"}), DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.add_alias("x*@a.example", {"x*@a.example"}), DirectoryFailure::BadValue));
  // The account may also come after the alias.
  rig.alias("dan@a.example", {"ann@a.example"});
  rig.add("dan@a.example");
}

TEST_CASE("with all received mail forwarded no account is demanded, and aliases count all the same") {
  DirectoryRig rig;
  rig.domain("a.example");
  const auto ann = rig.add("ann@a.example");
  rig.alias("info@a.example", {"ann@a.example"});
  REQUIRE(rig.editor.set_forward_all(ForwardAll::Yes));
  const auto snapshot = rig.snapshot();
  for (const auto* address : {"ann@a.example", "nobody@a.example", "ann+x@a.example", "postmaster@a.example"}) {
    const auto resolved = snapshot->resolve(at(address));
    CHECK_MESSAGE(resolved.kind == RecipientKind::Relay, address);
    CHECK_MESSAGE(resolved.remote == std::vector<Address>{at(address)}, address);
  }
  const auto alias = snapshot->resolve(at("info@a.example"));
  CHECK(alias.local.empty());
  CHECK(alias.remote == std::vector<Address>{at("ann@a.example")});
  CHECK(snapshot->resolve(at("a@elsewhere.example")).kind == RecipientKind::NotOurs);
  CHECK(snapshot->owns(ann, {at("ann@a.example")}));
  CHECK(snapshot->owns(ann, {at("info@a.example")}));
  CHECK(!snapshot->owns(ann, {at("nobody@a.example")}));
  REQUIRE(rig.editor.set_forward_all(ForwardAll::No));
  CHECK(rig.kind("nobody@a.example") == RecipientKind::UnknownUser);
}

TEST_CASE("the longest listed network decides") {
  DirectoryRig rig;
  REQUIRE(rig.editor.set_network({"192.0.2.0/24", Enabled::Yes, Enabled::No}));
  REQUIRE(rig.editor.set_network({"192.0.2.7", Enabled::No, Enabled::Yes}));
  REQUIRE(rig.editor.set_network({"2001:db8::/32", Enabled::Yes, Enabled::No}));
  const auto snapshot = rig.snapshot();
  CHECK(snapshot->network("192.0.2.9").relay == Enabled::Yes);
  CHECK(snapshot->network("192.0.2.7").relay == Enabled::No);
  CHECK(snapshot->network("192.0.2.7").auth_without_tls == Enabled::Yes);
  CHECK(snapshot->network("2001:db8:1::1").relay == Enabled::Yes);
  for (const std::string_view other : {"192.0.3.1", "2001:db9::1", "", "nonsense", "192.0.2.9:25"})
    CHECK_MESSAGE(snapshot->network(other).relay == Enabled::No, other);
  for (const std::string_view bad : {"", "192.0.2.1/24", "192.0.2.0/33", "x", "2001:db8::/129"})
    CHECK(fails(rig.editor.set_network({std::string(bad)}), DirectoryFailure::BadValue));
}

TEST_CASE("aliases of aliases lead to thousands; what is left out is said") {
  DirectoryRig rig;
  rig.domain("a.example");
  const auto ann = rig.add("ann@a.example");
  std::vector<std::string> parts;
  for (int part = 0; part < 4; ++part) {
    std::vector<std::string> targets{"ann@a.example"};
    for (int i = 0; i < 900; ++i) targets.push_back("u" + std::to_string(part * 900 + i) + "@far.example");
    parts.push_back("part" + std::to_string(part) + "@a.example");
    rig.alias(parts.back(), targets);
  }
  rig.alias("all@a.example", parts);
  const auto snapshot = rig.snapshot();
  struct Row {
    std::size_t most, remote, local;
    bool truncated;
  };
  for (const auto& row : {Row{Snapshot::most_targets, 3'600, 1, false}, Row{3'601, 3'600, 1, false}, Row{3'600, 3'599, 1, true},
                          Row{100, 99, 1, true}, Row{2, 1, 1, true}}) {
    CAPTURE(row.most);
    const auto found = snapshot->resolve(at("all@a.example"), row.most);
    CHECK(found.kind == RecipientKind::Local);
    CHECK(found.remote.size() == row.remote);
    REQUIRE(found.local.size() == row.local);
    CHECK(found.local.front().account == ann);
    CHECK(found.truncated == row.truncated);
    CHECK(found.problem.empty() == !row.truncated);
  }
}

TEST_CASE("an alias's targets that lead nowhere are named, each with its reason") {
  DirectoryRig rig;
  using Why = LostTarget::Why;
  rig.domain("a.example");
  rig.domain("relay.example", DomainKind::Relay);
  rig.add("ann@a.example");
  const auto gone = rig.add("gone@a.example");
  auto off = *rig.snapshot()->account(gone);
  off.enabled = Enabled::No;
  REQUIRE(rig.editor.change_account(off));
  rig.alias("ann@a.example", {"ann@a.example", "nobody@a.example"});
  rig.alias("round@a.example", {"about@a.example"});
  rig.alias("about@a.example", {"round@a.example"});
  rig.alias("all@a.example", {"ann@a.example", "gone@a.example", "x@relay.example", "x@far.example", "x@nodot", "round@a.example", "gone+box@a.example"});
  const auto snapshot = rig.snapshot();
  const auto lost = [&](const std::string& pattern) { return snapshot->lost_targets(*snapshot->alias(pattern)); };
  CHECK(lost("ann@a.example") == std::vector<LostTarget>{{"nobody@a.example", Why::NoAccount}});
  CHECK(lost("all@a.example") == std::vector<LostTarget>{{"gone@a.example", Why::Disabled}, {"x@nodot", Why::NoDomain}, {"round@a.example", Why::Loop},
                                                         {"gone+box@a.example", Why::Disabled}});
  CHECK(lost("round@a.example") == std::vector<LostTarget>{{"about@a.example", Why::Loop}});
}
