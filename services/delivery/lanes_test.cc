#include <doctest/doctest.h>

#include <map>

#include "services/delivery/lanes.h"

using namespace hikyaku::delivery;
using TestLanes = Lanes<int>;

TEST_CASE("retries leave the reserved slots to fresh mail, however many wait") {
  TestLanes lanes({.slots = 10, .reserved_fresh = 6, .reserved_retry = 2, .per_destination = 10});
  for (int i = 0; i < 100'000; ++i) lanes.add(Lane::Retry, "d" + std::to_string(i % 1000), i);
  int retries = 0;
  while (lanes.next()) ++retries;
  CHECK(retries == 4);
  lanes.add(Lane::Fresh, "new.example", 1);
  const auto slot = lanes.next();
  REQUIRE(slot);
  CHECK(slot->lane == Lane::Fresh);
}

TEST_CASE("fresh mail leaves the retries' share, so they cannot starve") {
  TestLanes lanes({.slots = 10, .reserved_fresh = 6, .reserved_retry = 2, .per_destination = 10});
  for (int i = 0; i < 1000; ++i) lanes.add(Lane::Fresh, "d" + std::to_string(i), i);
  int fresh = 0;
  while (lanes.next()) ++fresh;
  CHECK(fresh == 8);
  lanes.add(Lane::Retry, "old.example", 1);
  CHECK(lanes.next()->lane == Lane::Retry);
}

TEST_CASE("one destination keeps to its limit and the others take turns") {
  TestLanes lanes({.slots = 12, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 4});
  for (int i = 0; i < 1000; ++i) lanes.add(Lane::Fresh, "big.example", i);
  for (int i = 0; i < 10; ++i) lanes.add(Lane::Fresh, "a.example", i), lanes.add(Lane::Fresh, "b.example", i);
  std::map<std::string, int> slots;
  while (const auto slot = lanes.next()) ++slots[slot->destination];
  CHECK(slots == std::map<std::string, int>{{"a.example", 4}, {"b.example", 4}, {"big.example", 4}});
}

TEST_CASE("a released slot goes on with what still waits, in order, and nothing is left behind") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  for (int i = 0; i < 5; ++i) lanes.add(Lane::Fresh, "d", i);
  int expected = 0;
  while (const auto slot = lanes.next()) {
    CHECK(lanes.take_job(*slot) == expected++);
    lanes.release(*slot);
  }
  CHECK(expected == 5);
  CHECK(lanes.destinations() == 0);
  CHECK(lanes.waiting(Lane::Fresh) == 0);
}

TEST_CASE("a shut destination gets no slot and gives no job; opened, it goes on") {
  TestLanes lanes;
  lanes.add(Lane::Fresh, "d", 1);
  lanes.add(Lane::Fresh, "d", 2);
  const auto slot = lanes.next();
  REQUIRE(slot);
  lanes.shut("d");
  CHECK(!lanes.take_job(*slot));
  lanes.release(*slot);
  CHECK(!lanes.next());
  lanes.open("d");
  CHECK(lanes.next());
}

TEST_CASE("drain empties both lanes of one destination alone") {
  TestLanes lanes;
  lanes.add(Lane::Fresh, "d", 1);
  lanes.add(Lane::Retry, "d", 2);
  lanes.add(Lane::Retry, "e", 3);
  CHECK(lanes.drain("d").size() == 2);
  CHECK(lanes.waiting_for("d") == 0);
  CHECK(lanes.waiting_for("e") == 1);
  CHECK(lanes.next()->destination == "e");
}
