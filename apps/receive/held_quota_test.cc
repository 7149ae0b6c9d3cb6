#include "apps/receive/held_quota.h"

#include <doctest/doctest.h>

#include "io/test_folder.h"

using namespace hikyaku;
using namespace hikyaku::receive;

namespace {

struct Rig {
  io::TestFolder folder;
  std::string why;
  std::unique_ptr<directory::QuotaPage> page = directory::QuotaPage::open(folder / "held-used", why);
  HeldQuota quota{folder / "held-used"};
  const AccountId ann{7}, bob{8};
  const HeldQuota::Limit limit{3, 1'000};
  Instant now = SystemClock{}.now();
};

}  // namespace

TEST_CASE("what deliver says and what was taken since count together, for each account alone") {
  Rig rig;
  rig.page->beat(rig.now);
  REQUIRE(rig.page->publish(rig.ann, {400, 1}));
  CHECK(rig.quota.has_room(rig.ann, rig.limit, 600, rig.now));
  CHECK(!rig.quota.has_room(rig.ann, rig.limit, 601, rig.now));
  CHECK(rig.quota.enter(rig.ann, rig.limit, 300, rig.now));
  CHECK(!rig.quota.enter(rig.ann, rig.limit, 301, rig.now));
  CHECK(rig.quota.enter(rig.ann, rig.limit, 100, rig.now));
  CHECK(!rig.quota.has_room(rig.ann, rig.limit, 0, rig.now));  // three
  CHECK(!rig.quota.enter(rig.ann, rig.limit, 1, rig.now));
  CHECK(rig.quota.has_room(rig.bob, rig.limit, 1'000, rig.now));
  rig.quota.leave(rig.ann, 100);
  rig.quota.leave(rig.ann, 12'345);
  rig.quota.leave(rig.bob, 1);
  CHECK(rig.quota.enter(rig.ann, rig.limit, 50, rig.now));
}

TEST_CASE("without limits there is always room") {
  Rig rig;
  rig.page->beat(rig.now);
  REQUIRE(rig.page->publish(rig.ann, {1ULL << 60, 1ULL << 60}));
  CHECK(rig.quota.enter(rig.ann, {}, 1ULL << 40, rig.now));
  CHECK(!rig.quota.has_room(rig.ann, {0, 1}, 0, rig.now));
  CHECK(!rig.quota.has_room(rig.ann, {1, 0}, 0, rig.now));
}

TEST_CASE("what was taken is counted once: here until deliver must have seen it, then by what deliver says") {
  Rig rig;
  rig.page->beat(rig.now);
  for (int n = 0; n < 3; ++n) CHECK(rig.quota.enter(rig.ann, rig.limit, 10, rig.now));
  CHECK(!rig.quota.enter(rig.ann, rig.limit, 10, rig.now + 14s));
  rig.page->beat(rig.now + 15s);
  CHECK(rig.quota.enter(rig.ann, rig.limit, 10, rig.now + 15s));  // released, or deleted, meanwhile
  REQUIRE(rig.page->publish(rig.ann, {30, 3}));
  CHECK(!rig.quota.enter(rig.ann, rig.limit, 10, rig.now + 40s));
}

TEST_CASE("what deliver says of those that were just taken is not counted a second time; what is let go counts a moment longer") {
  Rig rig;
  rig.page->beat(rig.now);
  REQUIRE(rig.page->publish(rig.ann, {100, 1}));
  CHECK(rig.quota.enter(rig.ann, rig.limit, 100, rig.now));
  REQUIRE(rig.page->publish(rig.ann, {200, 2}));  // it has seen that one
  CHECK(!rig.quota.has_room(rig.ann, rig.limit, 801, rig.now + 5s));
  CHECK(rig.quota.enter(rig.ann, rig.limit, 100, rig.now + 5s));
  REQUIRE(rig.page->publish(rig.ann, {300, 3}));
  CHECK(!rig.quota.has_room(rig.ann, rig.limit, 0, rig.now + 6s));
  REQUIRE(rig.page->publish(rig.ann, {100, 1}));  // two were let go
  CHECK(!rig.quota.has_room(rig.ann, rig.limit, 0, rig.now + 10s));
  rig.page->beat(rig.now + 20s);
  CHECK(rig.quota.has_room(rig.ann, rig.limit, 900, rig.now + 20s));
  CHECK(!rig.quota.has_room(rig.ann, rig.limit, 901, rig.now + 20s));
}

TEST_CASE("while deliver is away what it said does not count, and what was taken is not forgotten") {
  Rig rig;
  rig.page->beat(rig.now);
  REQUIRE(rig.page->publish(rig.ann, {999, 3}));
  CHECK(!rig.quota.enter(rig.ann, rig.limit, 10, rig.now));
  const auto later = rig.now + directory::QuotaPage::heartbeat_limit + 1s;
  for (int n = 0; n < 3; ++n) CHECK(rig.quota.enter(rig.ann, rig.limit, 10, later));
  CHECK(!rig.quota.enter(rig.ann, rig.limit, 10, later));
  CHECK(!rig.quota.enter(rig.ann, rig.limit, 10, later + std::chrono::hours{10}));
  HeldQuota nowhere("/nowhere/held-used");
  CHECK(nowhere.enter(rig.ann, rig.limit, 10, rig.now));
}
