#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/delivery/pause_ledger.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
WallTime at(int seconds) { return WallTime{std::chrono::seconds{1'000'000 + seconds}}; }
}  // namespace

TEST_CASE("stopped time is known after a restart, running time is not counted") {
  io::SimulatedDisk disk;
  REQUIRE(disk.make_folder("spool"));
  {
    auto first = PauseLedger::open(disk, "spool/stopped", at(0));
    REQUIRE(first);
    CHECK(first->paused_between(at(-100), at(100)) == Duration{});
    CHECK(first->alive_before() == at(0));
    REQUIRE(first->seen_alive(at(50)));
  }
  {
    auto second = PauseLedger::open(disk, "spool/stopped", at(3650));
    REQUIRE(second);
    CHECK(second->alive_before() == at(50));
    CHECK(second->paused_between(at(0), at(4000)) == std::chrono::seconds{3600});
    CHECK(second->paused_between(at(3000), at(4000)) == std::chrono::seconds{650});
    CHECK(second->paused_between(at(3650), at(4000)) == Duration{});
    REQUIRE(second->seen_alive(at(3700)));
  }
  auto third = PauseLedger::open(disk, "spool/stopped", at(3705));  // a quick restart is no pause
  REQUIRE(third);
  CHECK(third->alive_before() == at(3700));
  CHECK(third->paused_between(at(0), at(4000)) == std::chrono::seconds{3600});
}

TEST_CASE("a damaged ledger is read as far as it goes and never stops delivery") {
  for (std::size_t cut = 0; cut < 25; ++cut) {
    io::SimulatedDisk disk;
    REQUIRE(disk.make_folder("spool"));
    auto ledger = PauseLedger::open(disk, "spool/stopped", at(0));
    ledger = PauseLedger::open(disk, "spool/stopped", at(1000));
    auto whole = io::read_file(disk, "spool/stopped");
    REQUIRE(whole);
    REQUIRE(io::replace_file(disk, "spool/stopped", whole->substr(0, cut)));
    CHECK(PauseLedger::open(disk, "spool/stopped", at(1001)));
  }
}

TEST_CASE("our own trouble is a pause; what overlaps counts once, and it survives a restart") {
  io::SimulatedDisk disk;
  REQUIRE(disk.make_folder("spool"));
  {
    auto ledger = PauseLedger::open(disk, "spool/stopped", at(0));
    REQUIRE(ledger);
    ledger->add_pause(at(100), at(200));
    ledger->add_pause(at(150), at(300));
    ledger->add_pause(at(400), at(400));
    ledger->add_pause(at(500), at(450));
    CHECK(ledger->paused_between(at(0), at(1000)) == std::chrono::seconds{200});
    REQUIRE(ledger->seen_alive(at(600)));
  }
  auto again = PauseLedger::open(disk, "spool/stopped", at(605));
  REQUIRE(again);
  CHECK(again->paused_between(at(0), at(605)) == std::chrono::seconds{200});
}

TEST_CASE("however many pauses there were, the ledger can be read again") {
  io::SimulatedDisk disk;
  REQUIRE(disk.make_folder("spool"));
  {
    auto ledger = PauseLedger::open(disk, "spool/stopped", at(0));
    REQUIRE(ledger);
    for (int i = 0; i < 30'000; ++i) ledger->add_pause(at(10 * i), at(10 * i + 1));
    REQUIRE(ledger->seen_alive(at(300'000)));
  }
  auto again = PauseLedger::open(disk, "spool/stopped", at(300'000));
  REQUIRE(again);
  CHECK(again->paused_between(at(100'000), at(300'000)) == std::chrono::seconds{20'000});
}
