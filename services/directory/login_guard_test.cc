// The guard on a loop: turns, what is told, and homes that were learned.
#include "services/directory/login_guard.h"

#include <doctest/doctest.h>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

struct GuardRig {
  io::TestFolder folder;
  io::PosixDisk disk;
  io::Loop loop{{.longest_step = 10s}};
  abuse::HabitsStore habits{disk, folder / "logins"};
  telemetry::MemorySink* lines = new telemetry::MemorySink;
  SystemClock clock;
  telemetry::Log log{{.service = "auth"}, std::unique_ptr<telemetry::LogSink>(lines), clock};
  io::Workers workers{1, 8};
  LoginGuard guard{loop, workers, {&habits, &log}};
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
  rig.guard.came_in(rig.ann, "192.0.2.1");
  CHECK(rig.guard.try_of("192.0.2.99", "ann@a.example", rig.ann).place == abuse::Place::Usual);
  CHECK(rig.guard.try_of("192.0.3.1", "ann@a.example", rig.ann).place == abuse::Place::Unusual);
  CHECK(rig.guard.try_of("192.0.2.1", "nobody", AccountId{}).place == abuse::Place::Unusual);
  CHECK(rig.guard.try_of("192.0.2.1", "Ann@A.example", rig.ann).account == "ann@a.example");
  REQUIRE(rig.habits.save());
  abuse::HabitsStore next(rig.disk, rig.folder / "logins");
  CHECK(next.trouble().empty());
  CHECK(next.is_usual(rig.ann, "192.0.2.5"));
}
