// Suspensions and what leads to them, in a directory and on a loop.
#include "services/directory/suspension.h"

#include <doctest/doctest.h>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "io/test_loop.h"
#include "services/directory/login_guard.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

struct SendRig : DirectoryRig {
  io::TestFolder folder;
  io::PosixDisk disk;
  io::Workers workers{2, 64};
  abuse::HabitsStore habits{disk, folder / "logins"};
  telemetry::MemorySink* lines = new telemetry::MemorySink;
  SystemClock clock;
  telemetry::Log log{{.service = "auth"}, std::unique_ptr<telemetry::LogSink>(lines), clock};
  GuardTerms terms;
  AccountId ann;

  explicit SendRig(WatchSending watch, const std::string& unwatched = {}) {
    domain("a.example");
    Account account;
    account.address = at("Ann@a.example");
    ann = *editor.add_account(account, std::nullopt);
    terms.watch = watch;
    if (!unwatched.empty()) terms.unwatched.insert(unwatched);
  }
  // How many of them found the account suspended. A loop runs once.
  int send(const std::string& client, std::uint32_t recipients, std::uint32_t refused, std::uint32_t refused_elsewhere, int times) {
    io::Loop loop{{.longest_step = 10s}};
    LoginGuard guard{loop, workers, {&habits, &log, [this](AccountId id, const std::string& why, WallTime now) { return editor.suspend(id, suspended_by_auth, why, Editor::Sessions::GoOn, now); }}};
    guard.set(terms);
    int suspended = 0;
    io::run_to_end(loop, sending(guard, {ann, "Ann@a.example", client, "", recipients, refused, refused_elsewhere}, times, suspended));
    return suspended;
  }
  int spam() { return send("203.0.113.5", 100, 40, 0, 60); }
  void settle() {
    io::Loop loop;
    LoginGuard(loop, workers, {&habits, &log}).settle(*snapshot()->last_suspension(ann));
  }
  [[nodiscard]] std::size_t told(std::string_view event) {
    log.drain();
    std::size_t count = 0;
    for (auto at = lines->text().find(event); at != std::string::npos; at = lines->text().find(event, at + 1)) ++count;
    return count;
  }

 private:
  static Task<void> sending(LoginGuard& guard, LoginGuard::SendFact fact, int times, int& suspended) {
    for (int i = 0; i < times; ++i) {
      auto one = guard.sent(fact);
      if (co_await std::move(one)) ++suspended;
    }
  }
};

const WallTime noon{std::chrono::seconds{1'795'305'600}};

}  // namespace

TEST_CASE("suspension: an account that is sent from by a stranger is suspended once, with a hold, and told of once") {
  SendRig rig(WatchSending::Enforce);
  CHECK(rig.spam() >= 57);  // from the second or third message on
  CHECK(rig.told("account.suspended") == 1);
  const auto snapshot = rig.snapshot();
  const auto* suspension = snapshot->suspension(rig.ann);
  REQUIRE(suspension);
  CHECK(suspension->by == "auth");
  CHECK(suspension->why.find("recipients within an hour") != std::string::npos);
  REQUIRE(snapshot->contents().holds.size() == 1);
  CHECK(snapshot->contents().holds[0].id == suspension->hold);
  CHECK(selects(snapshot->contents().holds[0], {.sent_by = "Ann@a.example"}));
  CHECK_FALSE(selects(snapshot->contents().holds[0], {.mailbox_of = "ann@a.example"}));  // what others send it comes in
}

TEST_CASE("suspension: other servers' refusals count, and do not suspend alone") {
  SendRig rig(WatchSending::Enforce);
  CHECK(rig.send("192.0.2.1", 100, 0, 0, 3) == 0);
  CHECK(rig.send("", 0, 0, 10, 9) > 0);
  SendRig quiet(WatchSending::Enforce);
  CHECK(quiet.send("192.0.2.1", 1, 0, 0, 50) == 0);
  CHECK(quiet.send("", 0, 0, 10, 9) == 0);
  CHECK(quiet.told("account.unusual") == 1);
}

TEST_CASE("suspension: in shadow it is told of, off it is not looked at, an account that is not watched may") {
  SendRig shadow(WatchSending::Shadow);
  CHECK(shadow.send("203.0.113.5", 250, 0, 0, 1) == 0);
  CHECK(shadow.told("account.unusual") == 1);
  CHECK(shadow.spam() == 0);
  CHECK(shadow.told("account.suspended") == 0);
  CHECK(shadow.told("account.unusual") == 2);  // unusual, then enough
  CHECK(shadow.told("\"mode\":\"shadow\"") == 1);
  CHECK(shadow.snapshot()->suspension(shadow.ann) == nullptr);
  SendRig off(WatchSending::Off), unwatched(WatchSending::Enforce, "ann@a.example");
  CHECK(off.spam() == 0);
  CHECK(off.told("account.") == 0);
  CHECK(unwatched.spam() == 0);
  CHECK(unwatched.told("account.") == 0);
}

TEST_CASE("suspension: an owner who is released may go on as he did") {
  SendRig rig(WatchSending::Enforce);
  REQUIRE(rig.spam() > 0);
  REQUIRE(rig.editor.release_account(rig.ann, rig.clock.wall() + 1s));
  rig.settle();
  CHECK(rig.send("203.0.113.5", 100, 0, 0, 50) == 0);
  CHECK(rig.snapshot()->suspension(rig.ann) == nullptr);
}

TEST_CASE("suspension: what a stranger did is no more usual than before, and counts no more") {
  SendRig rig(WatchSending::Enforce);
  REQUIRE(rig.spam() > 0);
  REQUIRE(rig.editor.end_sessions(rig.ann, rig.clock.wall() + 1s));
  rig.settle();
  REQUIRE(rig.editor.release_account(rig.ann, rig.clock.wall() + 2s));
  rig.settle();
  CHECK(rig.send("203.0.113.5", 1, 0, 0, 1) == 0);
  CHECK(rig.spam() > 0);
}

TEST_CASE("suspension: networks of our own are none that is new") {
  SendRig rig(WatchSending::Enforce);
  rig.terms.penalties.exempt.push_back(*io::IpNetwork::parse("203.0.113.0/24"));
  const auto long_ago = rig.clock.wall() - std::chrono::days{30};
  (void)rig.habits.logged_in(rig.ann, "192.0.2.1", "", long_ago);
  CHECK(rig.send("203.0.113.5", 300, 0, 0, 1) == 0);
  CHECK(rig.send("198.51.100.5", 1, 0, 0, 1) == 1);
}

TEST_CASE("suspension: once, released, again; a removed account leaves none") {
  SendRig rig(WatchSending::Off);
  auto& editor = rig.editor;
  CHECK_FALSE(editor.release_account(rig.ann, noon));
  CHECK_FALSE(editor.suspend(AccountId{99}, "taro", "x", Editor::Sessions::End, noon));
  const auto first = editor.suspend(rig.ann, "taro", "line\r\nbreak " + std::string(900, 'x'), Editor::Sessions::End, noon);
  REQUIRE(first);
  CHECK(first->why.size() == longest_suspension_text);
  CHECK(first->why.find('\n') == std::string::npos);
  CHECK(rig.snapshot()->contents().suspensions == std::vector{*first});
  CHECK(editor.suspend(rig.ann, "jiro", "y", Editor::Sessions::GoOn, noon).error().kind == DirectoryFailure::AlreadyExists);
  CHECK(rig.snapshot()->contents().holds.size() == 1);
  CHECK_FALSE(rig.snapshot()->login_counts(rig.ann, noon));
  CHECK_FALSE(rig.snapshot()->login_counts(rig.ann, noon - 1h));
  CHECK(rig.snapshot()->login_counts(rig.ann, noon + 1s));
  REQUIRE(editor.release_account(rig.ann, noon + 2h));
  CHECK(rig.snapshot()->suspension(rig.ann) == nullptr);
  CHECK(rig.snapshot()->last_suspension(rig.ann)->released == noon + 2h);
  CHECK_FALSE(rig.snapshot()->contents().holds[0].runs(noon + 3h));
  CHECK_FALSE(rig.snapshot()->login_counts(rig.ann, noon - 1h));  // what was ended stays so
  CHECK_FALSE(editor.release_account(rig.ann, noon + 3h));
  REQUIRE(editor.suspend(rig.ann, "auth", "again", Editor::Sessions::GoOn, noon + 4h));
  CHECK(rig.snapshot()->contents().holds.size() == 2);
  CHECK(rig.snapshot()->login_counts(rig.ann, noon + 1h));
  REQUIRE(editor.end_sessions(rig.ann, noon + 5h));
  CHECK_FALSE(rig.snapshot()->login_counts(rig.ann, noon + 1h));
  REQUIRE(editor.remove_account("ann@a.example"));
  CHECK(rig.snapshot()->contents().suspensions.empty());
}
