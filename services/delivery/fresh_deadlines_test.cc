#include "services/delivery/fresh_deadlines.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::delivery;
using std::chrono::seconds;

namespace {

constexpr WallTime noon{seconds{1'700'000'000}};
spool::MessageRef message(std::uint64_t n) { return {{1, 1, 1, n}, 1, {}}; }

}  // namespace

TEST_CASE("fresh mail is due once, by its time, and is told of until nobody of it is fresh") {
  FreshDeadlines fresh;
  fresh.add(message(1), noon + seconds{20});
  fresh.add(message(2), noon + seconds{10});
  fresh.add(message(3), noon + seconds{30});
  CHECK(fresh.take_due(noon + seconds{9}, 10).empty());
  CHECK(fresh.take_due(noon + seconds{20}, 1) == std::vector{message(2)});
  CHECK(fresh.take_due(noon + seconds{20}, 10) == std::vector{message(1)});
  CHECK(fresh.take_due(noon + seconds{20}, 10).empty());
  CHECK(fresh.told(message(1).id));
  CHECK(!fresh.told(message(3).id));
  fresh.forget(message(1).id);
  CHECK(!fresh.told(message(1).id));
  fresh.forget(message(3).id);
  fresh.forget(message(3).id);
  CHECK(fresh.take_due(noon + seconds{99}, 10).empty());
  CHECK(fresh.size() == 1);
}

TEST_CASE("what could not be told is due again, but not what has left meanwhile") {
  FreshDeadlines fresh;
  fresh.add(message(1), noon);
  fresh.add(message(2), noon);
  CHECK(fresh.take_due(noon, 10).size() == 2);
  fresh.forget(message(2).id);
  for (const std::uint64_t n : {1, 2, 3}) fresh.again(message(n).id, noon + seconds{60});
  CHECK(!fresh.told(message(1).id));
  fresh.again(message(1).id, noon);  // it is not told: its time stays
  CHECK(fresh.take_due(noon + seconds{59}, 10).empty());
  CHECK(fresh.take_due(noon + seconds{60}, 10) == std::vector{message(1)});
  CHECK(fresh.size() == 1);
}

TEST_CASE("a message taken up anew has its time anew") {
  FreshDeadlines fresh;
  fresh.add(message(1), noon);
  CHECK(fresh.take_due(noon, 10).size() == 1);
  fresh.add(message(1), noon + seconds{5});
  fresh.add(message(1), noon + seconds{7});
  CHECK(fresh.take_due(noon + seconds{6}, 10).empty());
  CHECK(fresh.take_due(noon + seconds{7}, 10).size() == 1);
}
