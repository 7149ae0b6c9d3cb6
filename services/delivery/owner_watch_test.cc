#include "services/delivery/owner_watch.h"

#include <doctest/doctest.h>

#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

// Three deferred recipients in the spool: of `owned` there is a timer, of `claimed` an attempt under way, and of `orphan` nothing.
struct Planted {
  spool::Rig rig;
  std::unique_ptr<spool::Spool> spool;
  Scheduler scheduler;
  OwnerWatch watch;
  TraceId owned, claimed, orphan;

  Planted() {
    owned = rig.accept(1, "owned"), claimed = rig.accept(1, "claimed"), orphan = rig.accept(1, "orphan");
    spool = rig.open();
    const auto fresh = spool->fresh(10);
    REQUIRE(fresh);
    for (const auto& one : *fresh) {
      const spool::Deferral deferral{one.ref, {spool::Rig::schedule(0)}, {}};
      REQUIRE(spool->defer({&deferral, 1}));
    }
    const auto schedule = spool::Rig::schedule(0);
    scheduler.defer(schedule.destination, {owned, 0}, schedule.next_due, WallTime::max(), 0);
    scheduler.claim(claimed, 0);
  }
  std::vector<OwnerWatch::Waiting> look() {
    watch.read(*spool);
    return watch.orphans(scheduler);
  }
};

}  // namespace

TEST_CASE("who waits in the spool and is owned by nobody is found at the second look, and no other") {
  Planted one;
  CHECK(one.look().empty());
  const auto found = one.look();
  REQUIRE(found.size() == 1);
  CHECK(found.front().times.id == one.orphan);
  CHECK(found.front().destination == "example.net");
  one.scheduler.claim(one.orphan, 0);  // it is taken up
  for (int n = 0; n < 3; ++n) CHECK(one.look().empty());
}

TEST_CASE("who was between two owners when it was looked at, or has its end by the next look, is no orphan") {
  Planted one;
  CHECK(one.look().empty());
  SUBCASE("it has a timer now, at another destination") { one.scheduler.defer("elsewhere", {one.orphan, 0}, WallTime{}, WallTime::max(), 0); }
  SUBCASE("it is under way") { one.scheduler.claim(one.orphan, 0); }
  SUBCASE("it has ended") {
    const spool::Settlement settlement{{one.orphan, 0, {}}, {{0, spool::Outcome::Bounced, {}}}, {}};
    REQUIRE(one.spool->settle({&settlement, 1}));
  }
  for (int n = 0; n < 3; ++n) CHECK(one.look().empty());
}

TEST_CASE("whom an operator's command has is no orphan, and is one when the command is over and nobody took it up") {
  Planted one;
  bool has_it = true;
  const auto look = [&] {
    one.watch.read(*one.spool);
    return one.watch.orphans(one.scheduler, [&](const DeferredEntry& entry) { return has_it && entry.message == one.orphan; });
  };
  for (int n = 0; n < 4; ++n) CHECK(look().empty());
  has_it = false;
  CHECK(look().empty());
  CHECK(look().size() == 1);
}

TEST_CASE("an orphan that nobody takes up is told of again") {
  Planted one;
  CHECK(one.look().empty());
  int told = 0;
  for (int n = 0; n < 6; ++n) told += static_cast<int>(one.look().size());
  CHECK(told >= 2);
}
