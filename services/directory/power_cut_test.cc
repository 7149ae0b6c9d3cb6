// The directory and its secrets over the embedded engine on a disk that loses power at a random call: what a command
// acknowledged is there afterwards, what it did not is there wholly or not at all, and no account id is given twice.
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "io/simulated_disk.h"
#include "services/directory/test_directory.h"
#include "storage/sqlite_engine.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

constexpr std::string_view old_hash = "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.";

std::unique_ptr<storage::SqliteEngine> open_engine(io::Disk& disk, std::string_view folder) {
  storage::SqliteOptions options;
  options.sharing = storage::Sharing::ThisProcess;
  options.close_when_unused_for = {};
  options.checkpoint_frames = 15;
  auto engine = storage::SqliteEngine::open(disk, std::string(folder), options);
  return engine ? std::move(*engine) : nullptr;
}

// What the operator believes to be there.
struct Believed {
  std::set<std::string> accounts;
  std::map<std::string, std::vector<std::string>> aliases;
  std::vector<std::string> routes, networks;
  friend bool operator==(const Believed&, const Believed&) = default;
};

Believed read_from(const Snapshot& snapshot) {
  Believed found;
  const auto& contents = snapshot.contents();
  for (const auto& one : contents.accounts) found.accounts.insert(one.address.text());
  for (const auto& one : contents.aliases) found.aliases[one.pattern] = one.targets;
  for (const auto& one : contents.routes) found.routes.push_back(one.pattern);
  for (const auto& one : contents.networks) found.networks.push_back(one.prefix);
  return found;
}

class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed), disk_({seed}) {}

  void run(int boots) {
    for (int boot = 0; boot <= boots; ++boot) {
      const auto directory = open_engine(disk_, "/directory");
      const auto secrets = open_engine(disk_, "/secrets");
      if (directory && secrets) {
        Editor editor(*directory, *secrets, nullptr);
        verify(editor, *secrets);
        disk_.stop_after(boot == boots ? UINT64_MAX : random_() % 300);
        for (int i = 0; i < 25 && !disk_.stopped(); ++i) step(editor);
      }
      disk_.cut();
    }
  }

 private:
  std::string address(std::uint64_t n) { return "u" + std::to_string(n) + "@a.example"; }

  // Acknowledged: certain from now on. Refused while the power fails: either way until the next boot tells.
  template <class T>
  bool note(const DirectoryResult<T>& done, Believed after) {
    if (done) believed_ = std::move(after);
    else if (disk_.stopped()) perhaps_ = std::move(after);
    else FAIL_CHECK(why(done));
    return done.has_value();
  }

  void step(Editor& editor) {
    Believed after = believed_;
    const auto known = address(random_() % 8);
    switch (random_() % 6) {
      case 0: {
        if (believed_.accounts.contains(known)) return;
        Account account;
        account.address = at(known);
        after.accounts.insert(known);
        const auto added = editor.add_account_with_hash(account, old_hash);
        if (!note(added, after)) return;
        with_password_.insert(known);
        CHECK_MESSAGE(ids_.insert(added->value()).second, "account id " << added->value() << " was given twice");
        return;
      }
      case 1: {
        if (!believed_.accounts.contains(known)) return;
        after.accounts.erase(known);
        with_password_.erase(known);
        note(editor.remove_account(known), after);
        return;
      }
      case 2: {
        const auto pattern = "info" + std::to_string(random_() % 4) + "@a.example";
        const auto target = "t" + std::to_string(random_() % 50) + "@z.example";
        auto& targets = after.aliases[pattern];
        if (std::ranges::find(targets, target) == targets.end()) targets.push_back(target);
        note(editor.add_alias(pattern, {target}), after);
        return;
      }
      case 3: {
        if (believed_.aliases.empty()) return;
        const auto pattern = believed_.aliases.begin()->first;
        after.aliases.erase(pattern);
        note(editor.remove_alias(pattern, {}), after);
        return;
      }
      case 4: {
        std::string table = "# a table\n";
        after.routes.clear();
        for (std::uint64_t n = random_() % 5; n-- > 0;) {
          after.routes.push_back("r" + std::to_string(random_() % 100) + ".example");
          table += after.routes.back() + ",gw.example,25\n";
        }
        note(editor.set_route_text(table), after);
        return;
      }
      default: {  // many accounts at once: all of them or none
        std::vector<Editor::NewAccount> many;
        for (std::uint64_t n = 0; n < 5; ++n) {
          Editor::NewAccount row;
          row.account.address = at("m" + std::to_string(++imported_) + "@a.example");
          row.hash = old_hash;
          after.accounts.insert(row.account.address.text());
          many.push_back(std::move(row));
        }
        if (note(editor.add_accounts(std::move(many), Editor::Run::Really), after))
          for (std::uint64_t n = 0; n < 5; ++n) with_password_.insert("m" + std::to_string(imported_ - n) + "@a.example");
      }
    }
  }

  void verify(Editor& editor, storage::Engine& secrets) {
    if (!has_domain_) {
      REQUIRE(editor.add_domain("a.example", DomainKind::Local));
      has_domain_ = true;
    }
    const auto snapshot = editor.read();
    REQUIRE_MESSAGE(snapshot, why(snapshot));
    const auto found = read_from(**snapshot);
    const bool as_before = found == believed_;
    CHECK_MESSAGE((as_before || (perhaps_ && found == *perhaps_)), "the directory is neither as before the cut nor as after it");
    const Secrets kept(secrets);
    std::set<std::uint64_t> now;
    for (const auto& account : (*snapshot)->contents().accounts) {
      CHECK_MESSAGE(now.insert(account.id.value()).second, "two accounts have the id " << account.id.value());
      ids_.insert(account.id.value());
      if (!with_password_.contains(account.address.text())) continue;  // never acknowledged: its password may be missing
      const auto verifier = kept.find(account.id, std::chrono::steady_clock::now() + 30s);
      REQUIRE(verifier);
      CHECK_MESSAGE((*verifier && (*verifier)->hash == old_hash), account.address.text() << " lost its password");
    }
    believed_ = found;
    perhaps_.reset();
  }

  std::mt19937_64 random_;
  io::SimulatedDisk disk_;
  Believed believed_;
  std::optional<Believed> perhaps_;  // what the change that the power cut interrupted would have made
  std::set<std::string> with_password_;  // accounts whose creation was acknowledged
  std::set<std::uint64_t> ids_;
  std::uint64_t imported_ = 0;
  bool has_domain_ = false;
};

}  // namespace

TEST_CASE("power cuts lose no acknowledged change of the directory") {
  const char* text = std::getenv("HIKYAKU_POWER_CUT_SEEDS");
  const int seeds = text == nullptr ? 20 : std::atoi(text);
  for (int seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Life(static_cast<std::uint64_t>(seed)).run(4);
  }
}
