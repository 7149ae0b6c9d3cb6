#include <doctest/doctest.h>

#include <map>

#include "services/delivery/lanes.h"

using namespace hikyaku;
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
  // The last slot stays free for a destination that has none.
  CHECK(slots["a.example"] + slots["b.example"] + slots["big.example"] == 11);
  CHECK(std::min({slots["a.example"], slots["b.example"], slots["big.example"]}) == 3);
  lanes.add(Lane::Fresh, "new.example", 1);
  CHECK(lanes.next()->destination == "new.example");
}

TEST_CASE("a released slot goes on with what still waits, in order, and nothing is left behind") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  for (int i = 0; i < 5; ++i) lanes.add(Lane::Fresh, "d", i);
  int expected = 0;
  while (auto slot = lanes.next()) {
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
  auto slot = lanes.next();
  REQUIRE(slot);
  lanes.shut("d", Lane::Fresh);
  CHECK(!lanes.take_job(*slot));
  lanes.release(*slot);
  CHECK(!lanes.next());
  lanes.open("d", Lane::Fresh);
  CHECK(lanes.next());
}

TEST_CASE("retries leave one delivery of a destination to fresh mail, and half of them while some waits") {
  TestLanes lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 20});
  for (int i = 0; i < 1'000; ++i) lanes.add(Lane::Retry, "d", i);
  const auto started = [&] {
    std::vector<TestLanes::Slot> slots;
    while (auto slot = lanes.next()) {
      REQUIRE(lanes.take_job(*slot));
      slots.push_back(*slot);
    }
    return slots;
  };
  lanes.set_limit("d", 10);  // nobody says more: half
  auto retries = started();
  CHECK(retries.size() == 5);
  lanes.set_limit("d", 10, 9);
  for (auto& slot : started()) retries.push_back(slot);
  CHECK(retries.size() == 9);
  lanes.add(Lane::Fresh, "d", 5'000);
  auto fresh = started();
  REQUIRE(fresh.size() == 1);
  CHECK(fresh[0].lane == Lane::Fresh);
  for (auto& slot : retries) CHECK(lanes.take_job(slot));  // none waits: they go on

  // More fresh mail than the one place: four of nine give theirs back, each after the job it is at.
  for (int i = 0; i < 20; ++i) lanes.add(Lane::Fresh, "d", 5'001 + i);
  CHECK(started().empty());
  std::size_t kept = 0;
  for (auto& slot : retries) {
    if (lanes.take_job(slot)) {
      ++kept;
      continue;
    }
    lanes.release(slot);
    for (auto& one : started()) {
      CHECK(one.lane == Lane::Fresh);
      fresh.push_back(one);
    }
  }
  CHECK(kept == 5);
  CHECK(fresh.size() == 5);
  // With the last of it taken they have theirs again.
  for (auto& slot : fresh) {
    while (lanes.take_job(slot)) {}
    lanes.release(slot);
  }
  CHECK(started().size() == 4);
}

TEST_CASE("a destination that bears one or two deliveries lets retries have one") {
  for (const std::uint32_t limit : {1U, 2U}) {
    TestLanes lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 20});
    for (int i = 0; i < 10; ++i) lanes.add(Lane::Retry, "d", i);
    lanes.set_limit("d", limit, limit - 1);
    CHECK(lanes.next());
    CHECK(!lanes.next());
  }
}

TEST_CASE("fresh mail that may not go keeps no place from retries") {
  TestLanes lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 20});
  for (int i = 0; i < 100; ++i) lanes.add(Lane::Retry, "d", i);
  lanes.add(Lane::Fresh, "d", 1'000);
  lanes.shut("d", Lane::Fresh);
  lanes.set_limit("d", 10, 9);
  int retries = 0;
  while (auto slot = lanes.next()) {
    CHECK(slot->lane == Lane::Retry);
    ++retries;
  }
  CHECK(retries == 9);
}

TEST_CASE("a job whose slot could not begin it is the next one again") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  for (int i = 0; i < 4; ++i) lanes.add(Lane::Fresh, "d", i);
  lanes.add(Lane::Fresh, "d", 9, Weight::Light, 4);
  auto slot = lanes.next();
  REQUIRE(slot);
  REQUIRE(lanes.take_job(*slot) == 9);
  lanes.take_back(*slot, 9);
  lanes.release(*slot);
  CHECK(lanes.waiting(Lane::Fresh) == 5);
  slot = lanes.next();
  REQUIRE(slot);
  CHECK(lanes.take_job(*slot) == 9);
  CHECK(lanes.take_job(*slot) == 0);
  lanes.take_back(*slot, 0);
  CHECK(lanes.take_job(*slot) == 0);
  CHECK(lanes.take_job(*slot) == 1);
}

TEST_CASE("what was put back is the next, and nobody is overtaken more often for it") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  lanes.add(Lane::Fresh, "d", -1);
  lanes.at(WallTime{std::chrono::seconds{1}});
  for (int n = 0; n < 20; ++n) lanes.add(Lane::Fresh, "d", n, Weight::Light, 4);
  auto slot = lanes.next();
  REQUIRE(slot);
  for (int n = 0; n < 8; ++n) {
    CHECK(lanes.take_job(*slot) == n);
    lanes.take_back(*slot, n);
    CHECK(lanes.take_job(*slot) == n);
  }
  CHECK(lanes.take_job(*slot) == -1);
  lanes.take_back(*slot, -1);
  lanes.add(Lane::Fresh, "d", 20, Weight::Light, 9);
  CHECK(lanes.take_job(*slot) == -1);
  CHECK(lanes.waiting(Lane::Fresh) == 13);
}

TEST_CASE("drain empties one lane of one destination alone") {
  TestLanes lanes;
  lanes.add(Lane::Fresh, "d", 1);
  lanes.add(Lane::Retry, "d", 2);
  lanes.add(Lane::Retry, "e", 3);
  CHECK(lanes.drain("d", Lane::Fresh).size() == 1);
  CHECK(lanes.waiting_for("d") == 1);
  CHECK(lanes.drain("d", Lane::Retry).size() == 1);
  CHECK(lanes.waiting_for("d") == 0);
  CHECK(lanes.waiting_for("e") == 1);
  CHECK(lanes.next()->destination == "e");
}

TEST_CASE("a large mailing is overtaken by one-to-one mail, at its own destination and at others, and still goes on") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  for (int i = 0; i < 5'000; ++i) lanes.add(Lane::Fresh, "d" + std::to_string(i), 1'000'000 + i, Weight::Heavy);
  for (int i = 0; i < 100; ++i) lanes.add(Lane::Fresh, "d" + std::to_string(i % 10), i);
  int light = 0, heavy = 0;
  while (light < 100) {
    auto slot = lanes.next();
    REQUIRE(slot);
    while (const auto job = lanes.take_job(*slot)) ++(*job >= 1'000'000 ? heavy : light);
    lanes.release(*slot);
  }
  CHECK(heavy <= 100 / 4 + 12);  // one turn for four, and what shares a slot
  CHECK(heavy >= 2);
}

TEST_CASE("heavy mail of a lane leaves a fifth of it to light mail") {
  TestLanes lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 20});
  for (int i = 0; i < 5'000; ++i) lanes.add(Lane::Fresh, "d" + std::to_string(i), i, Weight::Heavy);
  int slots = 0;
  while (lanes.next()) ++slots;
  CHECK(slots == 80);
  lanes.add(Lane::Fresh, "one.example", 1);
  CHECK(lanes.next()->destination == "one.example");
}

TEST_CASE("slow destinations together hold half of a lane at most") {
  TestLanes lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 20});
  for (int i = 0; i < 500; ++i) {
    lanes.add(Lane::Fresh, "tarpit" + std::to_string(i), i);
    lanes.set_speed("tarpit" + std::to_string(i), Speed::Slow);
  }
  std::vector<TestLanes::Slot> held;
  while (auto slot = lanes.next()) held.push_back(*slot);
  CHECK(held.size() == 50);
  for (int i = 0; i < 50; ++i) lanes.add(Lane::Fresh, "ok" + std::to_string(i), i);
  int usual = 0;
  while (auto slot = lanes.next()) usual += lanes.take_job(*slot).has_value();
  CHECK(usual == 50);
  lanes.release(held.back());
  CHECK(lanes.is_crowded(Lane::Fresh));
  CHECK(lanes.next()->destination.starts_with("tarpit"));  // those that were blocked are not forgotten
}

TEST_CASE("destinations that have not answered yet leave a quarter of a lane to those that have") {
  TestLanes lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 20});
  for (int i = 0; i < 500; ++i) {
    lanes.add(Lane::Retry, "new" + std::to_string(i), 1);
    lanes.add(Lane::Retry, "new" + std::to_string(i), 2);
    lanes.set_speed("new" + std::to_string(i), Speed::Unproven);
  }
  const auto started = [&] {
    std::vector<TestLanes::Slot> slots;
    while (auto slot = lanes.next()) {
      REQUIRE(lanes.take_job(*slot));
      slots.push_back(*slot);
    }
    return slots;
  };
  const auto held = started();
  CHECK(held.size() == 75);
  CHECK(lanes.is_crowded(Lane::Retry));
  lanes.add(Lane::Retry, "known", 1);
  const auto known = started();
  REQUIRE(known.size() == 1);
  CHECK(known[0].destination == "known");

  // One answers: its second job finds a slot of the free quarter, and one that nobody knows has its place.
  lanes.set_speed(held[0].destination, Speed::Usual);
  const auto next = started();
  REQUIRE(next.size() == 2);
  CHECK(next[0].destination == held[0].destination);
  CHECK(next[1].destination == "new75");
  lanes.release(held[1]);
  const auto last = started();
  REQUIRE(last.size() == 1);
  CHECK(last[0].destination == "new76");
}

TEST_CASE("what turns out to be slow counts as slow with the slots it has, and with unproven ones keeps to three quarters") {
  TestLanes lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 20});
  for (int i = 0; i < 60; ++i) {
    lanes.add(Lane::Retry, "t" + std::to_string(i), 1);
    REQUIRE(lanes.next());
    lanes.set_speed("t" + std::to_string(i), Speed::Slow);
  }
  lanes.add(Lane::Retry, "another", 1);
  lanes.set_speed("another", Speed::Slow);
  CHECK(!lanes.next());
  int unproven = 0;
  for (int i = 0; i < 60; ++i) {
    lanes.add(Lane::Retry, "n" + std::to_string(i), 1);
    lanes.set_speed("n" + std::to_string(i), Speed::Unproven);
    unproven += lanes.next().has_value();
  }
  CHECK(unproven == 15);
}

TEST_CASE("room for unproven ones is not given to one that has nothing to start, or turned out to be slow meanwhile") {
  TestLanes lanes({.slots = 8, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 20});
  std::vector<TestLanes::Slot> held;
  for (int i = 0; i < 6; ++i) {
    lanes.add(Lane::Fresh, "n" + std::to_string(i), 1);
    lanes.set_speed("n" + std::to_string(i), Speed::Unproven);
    held.push_back(lanes.next().value());
    REQUIRE(lanes.take_job(held.back()));
  }
  for (const std::string name : {"drained", "shut", "tarpit", "well"}) {
    lanes.add(Lane::Fresh, name, 1);
    lanes.set_speed(name, Speed::Unproven);
    CHECK(!lanes.next());  // three quarters are taken: it stands apart
  }
  CHECK(lanes.drain("drained", Lane::Fresh).size() == 1);
  lanes.shut("shut", Lane::Fresh);
  for (int i = 0; i < 4; ++i) lanes.set_speed("n" + std::to_string(i), Speed::Slow);
  lanes.set_speed("tarpit", Speed::Slow);
  CHECK(!lanes.next());
  lanes.release(held.back());  // one place: four slow, one unproven
  const auto next = lanes.next();
  REQUIRE(next);
  CHECK(next->destination == "well");
}

TEST_CASE("limits that grow let those begin that waited for it") {
  TestLanes lanes({.slots = 8, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  lanes.add(Lane::Fresh, "one", 1);
  lanes.add(Lane::Fresh, "one", 2);
  REQUIRE(lanes.next());
  CHECK(!lanes.next());
  lanes.set_limits({.slots = 8, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 2});
  CHECK(lanes.next());
}

TEST_CASE("a busy destination gives its slot up after its turn when another waits, and keeps it when none does") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  for (int i = 0; i < 1000; ++i) lanes.add(Lane::Fresh, "busy", i);
  auto slot = lanes.next();
  REQUIRE(slot);
  for (int i = 0; i < 100; ++i) REQUIRE(lanes.take_job(*slot));
  lanes.add(Lane::Fresh, "other", 1);
  CHECK(!lanes.take_job(*slot));
  lanes.release(*slot);
  CHECK(lanes.next()->destination == "other");
}

TEST_CASE("a job is told what it waited for") {
  constexpr WallTime begin{std::chrono::hours{500'000}};
  TestLanes lanes({.slots = 2, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  lanes.at(begin);
  for (int job = 0; job < 3; ++job) lanes.add(Lane::Fresh, "d", job);
  auto slot = lanes.next();
  REQUIRE(slot);
  REQUIRE(lanes.take_job(*slot) == 0);
  CHECK(slot->waited.since == begin);
  CHECK(slot->waited.at_limit == 0ms);
  CHECK(lanes.waits_for("d", Lane::Fresh) == Cause::Rate);
  lanes.at(begin + 5s);  // the only delivery it bears goes on
  lanes.shut("d", Lane::Fresh, Cause::Dns);
  CHECK(lanes.waits_for("d", Lane::Fresh) == Cause::Dns);
  lanes.at(begin + 7s);
  lanes.open("d", Lane::Fresh);
  lanes.release(*slot);
  CHECK(lanes.waits_for("d", Lane::Fresh) == Cause::Slot);
  lanes.at(begin + 8s);  // it could start, and nobody came
  slot = lanes.next();
  REQUIRE(slot);
  REQUIRE(lanes.take_job(*slot) == 1);
  CHECK(slot->waited.at_limit == 5s);
  CHECK(slot->waited.shut == 2s);
  CHECK(slot->waited.shut_for == Cause::Dns);
  lanes.at(begin + 6s);  // set back: no time
  REQUIRE(lanes.take_job(*slot) == 2);
  CHECK(slot->waited.at_limit == 5s);
}

TEST_CASE("a destination that bears less takes no further job, and gets its slots back when it bears more") {
  TestLanes lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 10});
  for (int i = 0; i < 100; ++i) lanes.add(Lane::Fresh, "d", i);
  std::vector<TestLanes::Slot> held;
  while (auto slot = lanes.next()) {
    (void)lanes.take_job(*slot);
    held.push_back(*slot);
  }
  CHECK(held.size() == 10);
  lanes.set_limit("d", 2);
  for (int i = 0; i < 8; ++i) {
    CHECK(!lanes.take_job(held.back()));
    lanes.release(held.back());
    held.pop_back();
  }
  CHECK(lanes.take_job(held.back()));
  CHECK(!lanes.next());
  lanes.set_limit("d", 5);
  int more = 0;
  while (lanes.next()) ++more;
  CHECK(more == 3);
}

TEST_CASE("of one destination's mail the urgent goes first, and an older one after eight that overtook it") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  WallTime now{std::chrono::seconds{1'700'000'000}};
  const auto add = [&](int job, std::int8_t priority) {
    lanes.at(now += std::chrono::seconds{1});
    lanes.add(Lane::Fresh, "d", job, Weight::Light, priority);
  };
  add(-1, -4), add(0, 0), add(1, 0);
  for (int n = 10; n < 30; ++n) add(n, n % 2 == 0 ? std::int8_t{9} : std::int8_t{3});
  CHECK(lanes.waiting_for("d", Lane::Fresh) == 23);
  int visited = 0;
  lanes.for_each_waiting([&](const std::string&, int) { ++visited; });
  CHECK(visited == 23);
  CHECK(lanes.waited("d", Lane::Fresh, [](int job) { return job == 29; }).has_value());
  std::vector<int> order;
  while (auto slot = lanes.next()) {
    if (const auto job = lanes.take_job(*slot)) order.push_back(*job);
    lanes.release(*slot);
  }
  REQUIRE(order.size() == 23);
  CHECK(order[0] == 10);
  CHECK(order[1] == 12);
  CHECK(order[8] == -1);  // the oldest of all
  CHECK(order[17] == 0);
  CHECK(order.back() == 1);
  CHECK(lanes.waiting(Lane::Fresh) == 0);
}

TEST_CASE("mail of one priority keeps its order, whatever the priority, and is drained whole") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  for (int n = 0; n < 10; ++n) lanes.add(Lane::Retry, "d", n, Weight::Light, -2);
  auto slot = lanes.next();
  REQUIRE(slot);
  for (int n = 0; n < 5; ++n) CHECK(lanes.take_job(*slot) == n);
  lanes.add(Lane::Retry, "d", 99, Weight::Light, 0);
  CHECK(lanes.take_job(*slot) == 99);
  CHECK(lanes.drain("d", Lane::Retry).size() == 5);
  CHECK(lanes.waiting(Lane::Retry) == 0);
}

TEST_CASE("what leaves the lanes while it waits is counted no more, and its destination is forgotten") {
  TestLanes lanes({.slots = 1, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1});
  for (int i = 0; i < 100; ++i) lanes.add(i % 3 == 0 ? Lane::Retry : Lane::Fresh, "d" + std::to_string(i % 10), i, Weight::Light, static_cast<std::int8_t>(i % 4 - 1));
  int seen = 0;
  lanes.change_waiting([&seen](int&) { ++seen; }, [](int job) { return job % 2 == 0; });
  CHECK(seen == 100);
  CHECK(lanes.waiting(Lane::Fresh) + lanes.waiting(Lane::Retry) == 50);
  CHECK(lanes.waiting_for("d4") == 0);
  CHECK(lanes.waiting_for("d5") == 10);
  lanes.change_waiting([](int& job) { job = job == 1 ? 1'001 : job; }, [](int) { return false; });
  int taken = 0, changed = 0;
  while (auto slot = lanes.next()) {
    while (const auto job = lanes.take_job(*slot)) {
      CHECK(*job % 2 == 1);
      ++taken;
      changed += *job == 1'001 ? 1 : 0;
    }
    lanes.release(*slot);
  }
  CHECK(taken == 50);
  CHECK(changed == 1);
  CHECK(lanes.destinations() == 0);
}
