// The guard on a loop: turns, what is told, and homes that were learned.
#include "services/directory/login_guard.h"

#include <doctest/doctest.h>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "io/test_loop.h"
#include "services/abuse/test_countries.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

struct GuardRig {
  io::TestFolder folder;
  io::PosixDisk disk;
  io::Loop loop{{.longest_step = 10s}};
  abuse::HabitsStore habits{disk, folder / "logins"};
  abuse::CountriesFile countries{folder / "countries"};
  telemetry::MemorySink* lines = new telemetry::MemorySink;
  SystemClock clock;
  telemetry::Log log{{.service = "auth"}, std::unique_ptr<telemetry::LogSink>(lines), clock};
  io::Workers workers{1, 8};
  LoginGuard guard{loop, workers, {&habits, &log, {}, &countries}};
  const AccountId ann{7};
  std::string refusal;
};

// Guesses until one is refused without a look.
Task<void> guesses(GuardRig& rig) {
  for (std::uint64_t guess = 1; guess < 100 && rig.refusal.empty(); ++guess) {
    const auto one = rig.guard.try_of("203.0.113.5", "ann@a.example", rig.ann);
    for (int at_once = 0; at_once < 20; ++at_once) rig.guard.failed(one, guess * 100 + static_cast<std::uint64_t>(at_once));
    auto waiting = rig.guard.wait_for_turn(one);
    const auto turn = co_await std::move(waiting);
    if (!turn) rig.refusal = turn.error();
  }
}

}  // namespace

TEST_CASE("guard: who guesses is told to come again, and it is told in the log") {
  GuardRig rig;
  rig.guard.set({});
  io::run_to_end(rig.loop, guesses(rig));
  CHECK(rig.refusal.find("203.0.113.5") != std::string::npos);
  CHECK(rig.refusal.find("try again in") != std::string::npos);
  rig.log.drain();
  CHECK(rig.lines->text().find("login.slowed") != std::string::npos);
}

TEST_CASE("guard: switched off, nobody waits and nothing is counted") {
  GuardRig rig;
  rig.guard.set({.slow_failures = SlowFailures::No});
  io::run_to_end(rig.loop, guesses(rig));
  CHECK(rig.refusal.empty());
  CHECK(rig.guard.penalties().entries() == 0);
}

TEST_CASE("guard: where an account came in is its home, for the next life too") {
  GuardRig rig;
  CHECK(rig.guard.try_of("192.0.2.1", "Ann@a.example", rig.ann).place == abuse::Place::Unusual);
  rig.guard.came_in(rig.ann, "ann@a.example", "192.0.2.1");
  CHECK(rig.guard.try_of("192.0.2.99", "ann@a.example", rig.ann).place == abuse::Place::Usual);
  CHECK(rig.guard.try_of("192.0.3.1", "ann@a.example", rig.ann).place == abuse::Place::Unusual);
  CHECK(rig.guard.try_of("192.0.2.1", "nobody", AccountId{}).place == abuse::Place::Unusual);
  CHECK(rig.guard.try_of("192.0.2.1", "Ann@A.example", rig.ann).account == "ann@a.example");
  REQUIRE(rig.habits.save());
  abuse::HabitsStore next(rig.disk, rig.folder / "logins");
  CHECK(next.trouble().empty());
  CHECK(next.is_usual(rig.ann, "192.0.2.5"));
}

TEST_CASE("guard: a login from a new country is told of once a day, but not from a network of our own, nor of who is not watched") {
  GuardRig rig;
  abuse::put_file(rig.folder / "countries", abuse::country_database({{"192.0.2.0", 24, "JP"}, {"203.0.113.0", 24, "RU"}, {"198.51.100.0", 24, "FR"}}));
  REQUIRE(rig.countries.follow().opened);
  GuardTerms terms{.watch = WatchSending::Enforce, .unwatched = {"bob@a.example"}};
  terms.penalties.exempt.push_back(*io::IpNetwork::parse("198.51.100.0/24"));
  const auto told = [&] {
    rig.log.drain();
    return rig.lines->text();
  };
  const AccountId bob{8};
  for (const auto account : {rig.ann, bob}) (void)rig.habits.logged_in(account, "192.0.2.1", "JP", rig.clock.wall() - std::chrono::days{30});
  rig.guard.came_in(rig.ann, "ann@a.example", "203.0.113.5");  // nobody watches yet
  (void)rig.habits.rule(rig.ann, {abuse::Ruling::Was::Owner, rig.clock.wall(), {}});
  rig.guard.set(terms);
  rig.guard.came_in(rig.ann, "ann@a.example", "203.0.113.5");  // the owner's, as an operator said
  rig.guard.came_in(rig.ann, "ann@a.example", "198.51.100.5");
  rig.guard.came_in(bob, "Bob@A.example", "203.0.113.5");
  CHECK(told().find("account.unusual") == std::string::npos);
  const AccountId eve{9};
  (void)rig.habits.logged_in(eve, "192.0.2.1", "JP", rig.clock.wall() - std::chrono::days{30});
  for (int i = 0; i < 3; ++i) rig.guard.came_in(eve, "eve@a.example", "203.0.113.5");
  const auto lines = told();
  const auto first = lines.find("account.unusual");
  REQUIRE(first != std::string::npos);
  CHECK(lines.find("used from new countries (RU)") != std::string::npos);
  CHECK(lines.find("account.unusual", first + 1) == std::string::npos);
}
