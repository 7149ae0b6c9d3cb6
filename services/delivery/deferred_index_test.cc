#include <doctest/doctest.h>

#include "services/delivery/deferred_index.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
WallTime at(int seconds) { return WallTime{std::chrono::seconds{seconds}}; }
DeferredEntry entry(std::uint64_t n) { return {{1, 1, 1, n}, 0}; }
}  // namespace

TEST_CASE("what is due comes out once, earliest first, and nothing before its time") {
  DeferredIndex index;
  for (std::uint64_t n = 0; n < 100; ++n) index.add("d" + std::to_string(n % 7), entry(n), at(static_cast<int>(n)));
  CHECK(index.next_due() == at(0));
  CHECK(index.take_due(at(49), 1000).size() == 50);
  CHECK(index.take_due(at(49), 1000).empty());
  CHECK(index.size() == 50);
  CHECK(index.next_due() == at(50));
  CHECK(index.take_due(at(1000), 20).size() == 20);
  CHECK(index.size() == 30);
}

TEST_CASE("a gated destination costs one timer and one probe, whatever waits for it") {
  DeferredIndex index;
  for (std::uint64_t n = 0; n < 10'000; ++n) index.add("dead", entry(n), at(10));
  index.add("alive", entry(10'000), at(20));
  index.gate("dead", at(100));
  CHECK(index.next_probe_of("dead") == at(100));
  CHECK(!index.next_probe_of("alive"));
  CHECK(index.next_due() == at(20));
  CHECK(index.take_due(at(99), 1000).size() == 1);
  const auto probe = index.take_due(at(100), 1000);
  REQUIRE(probe.size() == 1);
  CHECK(probe[0].destination == "dead");
  CHECK(index.take_due(at(200), 1000).empty());  // the probe is under way
  SUBCASE("it fails: the gate moves on, the others are not touched") {
    index.add("dead", probe[0].entry, at(150));
    index.gate("dead", at(300));
    CHECK(index.next_due() == at(300));
    CHECK(index.take_due(at(300), 1000).size() == 1);
  }
  SUBCASE("it succeeds: the rest follows at once") {
    index.ungate("dead");
    CHECK(index.take_due(at(200), 20'000).size() == 9'999);
    CHECK(index.next_due() == std::nullopt);
  }
}

TEST_CASE("where nothing is due at the gate, the next probe is when something is") {
  DeferredIndex index;
  index.add("dead", entry(1), at(10)), index.add("dead", entry(2), at(150));
  index.gate("dead", at(100));
  CHECK(index.next_probe_of("dead") == at(100));
  index.remove("dead", entry(1));  // an operator holds it
  CHECK(index.next_probe_of("dead") == at(150));
  CHECK(index.take_due(at(149), 10).empty());
  CHECK(index.take_due(at(150), 10).size() == 1);
}

TEST_CASE("adding again moves an entry; removing forgets it") {
  DeferredIndex index;
  index.add("d", entry(1), at(10));
  index.add("d", entry(1), at(50));
  CHECK(index.size() == 1);
  CHECK(index.take_due(at(49), 10).empty());
  index.remove("d", entry(1));
  index.remove("d", entry(1));
  CHECK(index.size() == 0);
  CHECK(!index.next_due());
}

TEST_CASE("a gate without anything waiting holds for what comes later") {
  DeferredIndex index;
  index.gate("d", at(100));
  CHECK(index.gated("d"));
  CHECK(!index.next_due());
  index.add("d", entry(1), at(10));
  CHECK(index.next_due() == at(100));
  CHECK(index.contains("d", entry(1)));
  CHECK(!index.contains("d", entry(2)));
}

TEST_CASE("those whose period is over leave together when the probe fails") {
  DeferredIndex index;
  for (std::uint64_t n = 0; n < 10; ++n) index.add("d", entry(n), at(10), at(100 + static_cast<int>(n)));
  CHECK(index.take_expired("d", at(99)).empty());
  CHECK(index.take_expired("d", at(104)).size() == 5);
  CHECK(index.take_expired("other", at(104)).empty());
  CHECK(index.size() == 5);
  CHECK(index.take_due(at(200), 10).size() == 5);
  CHECK(index.take_expired("d", at(1000)).empty());
}

TEST_CASE("a backlog is released oldest first, each entry once, though some fail again meanwhile") {
  DeferredIndex index;
  const WallTime start{std::chrono::seconds{1'700'000'000}};
  for (std::uint32_t n = 0; n < 10; ++n)
    index.add("d", {{1, 1, 1, n}, 0}, start + std::chrono::hours{10 - n}, start + std::chrono::hours{100 + n});
  index.gate("d", WallTime::max());
  CHECK(index.first_end("d") == start + std::chrono::hours{100});
  DeferredIndex::ReleaseCursor cursor;
  std::vector<std::uint64_t> order;
  for (;;) {
    const auto some = index.take_oldest("d", cursor, 3);
    if (some.empty()) break;
    for (const auto& entry : some) {
      order.push_back(entry.entry.message.sequence);
      CHECK(entry.give_up_at == start + std::chrono::hours{100 + order.back()});
      if (order.size() == 2) index.add("d", entry.entry, start, start + std::chrono::hours{101});  // failed again
    }
  }
  CHECK(order == std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(index.waiting_for("d") == 1);
  CHECK(index.contains("d", {{1, 1, 1, 1}, 0}));
  CHECK(!index.first_end("nowhere"));
}

TEST_CASE("a backlog is released the urgent first, and one that waits longer goes after eight of them") {
  DeferredIndex index;
  const WallTime start{std::chrono::seconds{1'700'000'000}};
  for (std::uint32_t n = 0; n < 20; ++n) index.add("d", {{1, 1, 1, 100 + n}, 0}, start, start + std::chrono::hours{200 + n}, 5);
  for (std::uint32_t n = 0; n < 3; ++n) index.add("d", {{1, 1, 1, n}, 0}, start, start + std::chrono::hours{100 + n}, n == 0 ? std::int8_t{-9} : std::int8_t{0});
  CHECK(index.first_end("d") == start + std::chrono::hours{100});
  CHECK(index.priority_of({{1, 1, 1, 100}, 0}) == 5);
  DeferredIndex::ReleaseCursor cursor;
  std::vector<std::uint64_t> order;
  for (auto some = index.take_oldest("d", cursor, 4); !some.empty(); some = index.take_oldest("d", cursor, 4))
    for (const auto& one : some) order.push_back(one.entry.message.sequence);
  REQUIRE(order.size() == 23);
  CHECK(order[8] == 0);
  CHECK(order[17] == 1);
  CHECK(order[22] == 2);
  CHECK(order[0] == 100);
  CHECK(index.size() == 0);
}

TEST_CASE("another time for an entry leaves its end and its priority; those that are over leave at any priority") {
  DeferredIndex index;
  const WallTime start{std::chrono::seconds{1'700'000'000}};
  const DeferredEntry entry{{1, 1, 1, 1}, 0};
  index.add("d", entry, start + std::chrono::hours{9}, start + std::chrono::hours{10}, -3);
  index.set_due("d", entry, start);
  index.set_due("elsewhere", entry, start + std::chrono::hours{1});
  const auto due = index.take_due(start, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].priority == -3);
  CHECK(due[0].give_up_at == start + std::chrono::hours{10});
  for (std::uint32_t n = 0; n < 6; ++n) index.add("d", {{1, 1, 1, n}, 0}, start, start + std::chrono::hours{n}, static_cast<std::int8_t>(n % 3));
  CHECK(index.take_expired("d", start + std::chrono::hours{3}).size() == 4);
  CHECK(index.waiting_for("d") == 2);
}
