#include <thread>

#include "services/directory/routes.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

TEST_CASE("domains come and go, but not under their accounts") {
  DirectoryRig rig;
  for (const std::string_view bad : {"", "a b", "-a", "a..b", "[192.0.2.1]", "a@b"})
    CHECK(fails(rig.editor.add_domain(bad, DomainKind::Local), DirectoryFailure::BadValue));
  rig.domain("A.Example");
  CHECK(fails(rig.editor.add_domain("a.example", DomainKind::Relay), DirectoryFailure::AlreadyExists));
  rig.add("ann@a.example");
  CHECK(fails(rig.editor.remove_domain("a.example"), DirectoryFailure::InUse));
  CHECK(fails(rig.editor.set_domain_kind("a.example", DomainKind::Relay), DirectoryFailure::InUse));
  CHECK(rig.editor.remove_account("ANN@a.example"));
  rig.alias("x@a.example", {"y@z.example"});
  CHECK(fails(rig.editor.remove_domain("a.example"), DirectoryFailure::InUse));
  REQUIRE(rig.editor.remove_alias("x@a.example", {}));
  CHECK(rig.editor.remove_domain("a.example"));
  CHECK(fails(rig.editor.remove_domain("a.example"), DirectoryFailure::NotFound));
}

TEST_CASE("accounts keep their id; an id is never given again") {
  DirectoryRig rig;
  rig.domain("a.example"), rig.domain("r.example", DomainKind::Relay);
  const auto first = rig.add("ann@a.example");
  Account account;
  for (const std::string_view bad : {"ann@a.example", "x@none.example", "x@r.example", "a*@a.example"}) {
    account.address = at(bad);
    CHECK_MESSAGE(!rig.editor.add_account(account, std::nullopt), bad);
  }
  auto renamed = *rig.snapshot()->account(first);
  renamed.address = at("ann.new@a.example");
  REQUIRE(rig.editor.change_account(renamed));
  CHECK(rig.snapshot()->account(at("ann.new@a.example"))->id == first);
  CHECK(!rig.snapshot()->account(at("ann@a.example")));
  REQUIRE(rig.editor.remove_account("ann.new@a.example"));
  CHECK(rig.add("ann@a.example") > first);
  CHECK(fails(rig.editor.remove_account("nobody@a.example"), DirectoryFailure::NotFound));
  CHECK(fails(rig.editor.set_password("nobody@a.example", "x"), DirectoryFailure::NotFound));
  CHECK(fails(rig.editor.set_password("ann@a.example", ""), DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.set_password("ann@a.example", "a\nb"), DirectoryFailure::BadValue));
}

TEST_CASE("two editors at once lose nothing") {
  DirectoryRig rig;
  rig.domain("a.example");
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&rig, t] {
      Editor editor(rig.engine, rig.secrets_engine, nullptr);
      for (int i = 0; i < 15; ++i) {
        Account account;
        account.address = {"u" + std::to_string(t) + "-" + std::to_string(i), "a.example"};
        while (!editor.add_account(account, std::nullopt)) {}
      }
    });
  for (auto& thread : threads) thread.join();
  const auto snapshot = rig.snapshot();
  CHECK(snapshot->contents().accounts.size() == 45);
  std::vector<AccountId> ids;
  for (const auto& account : snapshot->contents().accounts) ids.push_back(account.id);
  std::ranges::sort(ids);
  CHECK(std::ranges::adjacent_find(ids) == ids.end());
}

TEST_CASE("whatever call of the store fails, an account is there whole or not at all") {
  for (const auto fault : {storage::EngineFault::Timeout, storage::EngineFault::Conflict, storage::EngineFault::OutcomeApplied,
                           storage::EngineFault::OutcomeLost, storage::EngineFault::NoSpace}) {
    for (std::uint64_t n = 0;; ++n) {
      DirectoryRig rig;
      rig.domain("a.example");
      rig.engine.faults().at(n, fault);
      Account account;
      account.address = at("ann@a.example");
      const auto added = rig.editor.add_account(account, std::nullopt);
      const bool hit = rig.engine.faults().waiting() == 0;
      auto after = rig.editor.read();
      if (!after) after = rig.editor.read();
      const auto* found = (*after)->account(at("ann@a.example"));
      if (added) REQUIRE(found);
      if (found) CHECK((*after)->resolve(at("ann@a.example")).kind == RecipientKind::Local);
      if (!hit) break;
    }
  }
}

TEST_CASE("a domain is one domain, in letters of its own as in ASCII") {
  DirectoryRig rig;
  constexpr std::string_view a_label = "xn--r8jz45g.example";
  rig.domain("例え.Example");
  CHECK(fails(rig.editor.add_domain(a_label, DomainKind::Local), DirectoryFailure::AlreadyExists));
  const auto id = rig.add("Taro@例え.example");
  rig.alias("*@例え。example", {"taro@XN--R8JZ45G.example"});
  rig.alias("sales@xn--r8jz45g.example", {"taro@例え.example"});
  const auto snapshot = rig.snapshot();
  REQUIRE(snapshot->domain("例え.example"));
  CHECK(snapshot->domain("例え.example")->name == a_label);
  for (const std::string_view address : {"taro@xn--r8jz45g.example", "TARO@例え.EXAMPLE", "sales@例え.example", "nobody@xn--r8jz45g.example"}) {
    // As reception names it, and as it was typed.
    for (const auto& asked : {at(address), Address{std::string(address.substr(0, address.find('@'))), std::string(address.substr(address.find('@') + 1))}}) {
      const auto found = snapshot->resolve(asked);
      CHECK_MESSAGE(found.kind == RecipientKind::Local, address);
      REQUIRE(found.local.size() == 1);
      CHECK(found.local.front().account == id);
    }
  }
  CHECK(snapshot->owns(id, ReversePath{Address{"taro", std::string(a_label)}}));
  CHECK(rig.kind("taro@例.example") == RecipientKind::NotOurs);
  const auto route = parse_route("*.例え.example,gw.example,25");
  REQUIRE(route);
  CHECK(route->pattern == "*.xn--r8jz45g.example");
}

TEST_CASE("a command returns when the readers have seen its change") {
  DirectoryRig rig;
  const auto page = SeenPage::anonymous();
  Reader reader(rig.engine, page, "receive");
  Editor editor(rig.engine, rig.secrets_engine, page, 5s);
  for (int i = 0; i < 5; ++i) {
    const auto name = "d" + std::to_string(i) + ".example";
    REQUIRE(editor.add_domain(name, DomainKind::Local));
    const auto snapshot = reader.snapshot();
    REQUIRE(snapshot);
    CHECK(snapshot->domain(name));
  }
}

TEST_CASE("a reader that does not follow is named") {
  DirectoryRig rig;
  const auto page = SeenPage::anonymous();
  SeenPage::Slot stuck(page, "imap-store");
  stuck.publish(storage::Version{0});
  Editor editor(rig.engine, rig.secrets_engine, page, 50ms);
  const auto done = editor.add_domain("a.example", DomainKind::Local);
  CHECK(fails(done, DirectoryFailure::NotSeen));
  CHECK(why(done).find("imap-store") != std::string::npos);
  CHECK(rig.snapshot()->domain("a.example"));
}

TEST_CASE("a reader whose store is silent for a second gives no snapshot for decisions") {
  DirectoryRig rig;
  rig.domain("a.example");
  Reader reader(rig.engine, nullptr, "auth");
  REQUIRE(reader.snapshot());
  for (std::uint64_t n = 0; n < 12; ++n) rig.engine.faults().at(n, storage::EngineFault::Timeout);
  const auto wait_for = [&](bool fresh) {  // it looks every 250 ms
    for (int i = 0; i < 500 && (reader.snapshot() != nullptr) != fresh; ++i) std::this_thread::sleep_for(10ms);
    return (reader.snapshot() != nullptr) == fresh;
  };
  CHECK(wait_for(false));
  CHECK(reader.newest());
  CHECK(wait_for(true));
}

namespace {

std::vector<Alias> many_aliases(std::size_t count) {
  std::vector<Alias> aliases;
  for (std::size_t i = 0; i < count; ++i) aliases.push_back({"alias" + std::to_string(i) + "@a.example", {"ann@a.example"}});
  return aliases;
}

}  // namespace

TEST_CASE("an import of aliases takes a commit for some hundred, and looks at each row once") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("ann@a.example");
  std::size_t there_already = 0;
  const auto commits = [&](const std::vector<Alias>& aliases) {
    const auto calls = rig.engine.faults().calls();
    const auto before = rig.snapshot()->version().value();
    const auto rejected = rig.editor.add_aliases(aliases, Editor::Run::Really);
    REQUIRE_MESSAGE(rejected, why(rejected));
    CHECK(std::ranges::all_of(*rejected, [](const auto& row) { return row.rejection == Editor::Rejection::ThereAlready; }));
    there_already = rejected->size();
    CHECK(rig.engine.faults().calls() - calls < 40 + 5 * aliases.size() / 100);
    return rig.snapshot()->version().value() - before;
  };
  CHECK(commits(many_aliases(3'000)) == 6);
  CHECK(there_already == 0);
  CHECK(commits(many_aliases(3'000)) == 0);  // all there
  CHECK(there_already == 3'000);
  // Rows of one alias are one alias, and are not looked at again with each further row.
  std::vector<Alias> one;
  for (int i = 0; i < 1'000; ++i) one.push_back({"one@a.example", {"t" + std::to_string(i) + "@b.example"}});
  CHECK(commits(one) == 2);
  REQUIRE(rig.snapshot()->alias("one@a.example"));
  CHECK(rig.snapshot()->alias("one@a.example")->targets.size() == 1'000);
  CHECK(rig.snapshot()->contents().aliases.size() == 3'001);
}

TEST_CASE("an import of aliases takes the good rows and names the bad ones") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("ann@a.example");
  rig.alias("kept@a.example", {"one@b.example"});
  std::vector<Alias> rows{{"new@a.example", {"ann@a.example"}},     {"new@a.example", {"ANN@a.example"}},  // again
                          {"new@a.example", {"x@b.example"}},       {"no at sign", {"ann@a.example"}},
                          {"x@other.example", {"ann@a.example"}},   {"kept@a.example", {"two@b.example"}},
                          {"loop@a.example", {"loop@a.example"}},   {"star@a.example", {"*@b.example"}},
                          {"ann@a.example", {"ann@a.example"}},     {"empty@a.example", {}}};
  for (int i = 0; i < 1'001; ++i) rows.push_back({"many@a.example", {"t" + std::to_string(i) + "@b.example"}});
  for (const auto run : {Editor::Run::Dry, Editor::Run::Really}) {
    const auto rejected = rig.editor.add_aliases(rows, run);
    REQUIRE_MESSAGE(rejected, why(rejected));
    std::vector<std::size_t> places;
    for (const auto& one : *rejected) places.push_back(one.index);
    if (run == Editor::Run::Really) CHECK(places == std::vector<std::size_t>{3, 4, 6, 7, 9, rows.size() - 1});
    CHECK((rig.snapshot()->alias("new@a.example") != nullptr) == (run == Editor::Run::Really));
  }
  CHECK(rig.snapshot()->alias("new@a.example")->targets == std::vector<std::string>{"ann@a.example", "x@b.example"});
  CHECK(rig.snapshot()->alias("kept@a.example")->targets == std::vector<std::string>{"one@b.example", "two@b.example"});
  CHECK(rig.snapshot()->alias("many@a.example")->targets.size() == 1'000);
  CHECK(!rig.snapshot()->alias("loop@a.example"));
}
