#include "services/delivery/timer_order.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "services/delivery/deferred_index.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
WallTime at(std::uint64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }
constexpr auto less = [](TimerOrder::Slot a, TimerOrder::Slot b) { return a < b; };
}  // namespace

TEST_CASE("timer order: as a sorted set, whatever comes and goes") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::mt19937_64 random(seed);
    TimerOrder order;
    std::set<std::pair<WallTime, TimerOrder::Slot>> model;
    for (int step = 0; step < 20'000; ++step) {
      const auto grows = (step / 5'000) % 2 == 0;
      if (model.empty() || random() % 4 < (grows ? 3U : 1U)) {
        const std::pair one{at(seed % 2 == 0 ? random() % 50 : static_cast<std::uint64_t>(step)), static_cast<TimerOrder::Slot>(random() % 100'000)};
        if (model.insert(one).second) order.add({one.first, one.second}, less);
      } else {
        auto one = model.lower_bound({at(random() % 50), 0});
        if (one == model.end()) one = model.begin();
        order.remove({one->first, one->second}, less);
        model.erase(one);
      }
      CHECK(order.size() == model.size());
      REQUIRE(order.empty() == model.empty());
      if (!model.empty()) CHECK(order.first().slot == model.begin()->second);
      const auto after = at(random() % 50);
      const auto found = order.first_not([&](const auto& item) { return item.when <= after; });
      const auto wanted = model.upper_bound({after, 0xFFFFFFFF});
      REQUIRE(found.has_value() == (wanted != model.end()));
      if (found) CHECK(std::pair(found->when, found->slot) == *wanted);
    }
  }
}

TEST_CASE("deferred index: every entry comes out once, at its time, however many there are") {
  DeferredIndex index;
  std::mt19937_64 random(7);
  std::map<DeferredEntry, WallTime> model;
  for (std::uint64_t n = 0; n < 30'000; ++n) {
    const DeferredEntry entry{{1, 1, 1, random() % 20'000}, static_cast<std::uint32_t>(random() % 2)};
    const auto due = at(1'000 + random() % 100);
    index.add("d" + std::to_string(random() % 50), entry, due, due + std::chrono::hours{1});
    model[entry] = due;
  }
  CHECK_MESSAGE(index.size() == model.size(), "an entry waits for one destination");
  for (std::uint64_t now = 1'000; now < 1'100; now += 10) {
    for (const auto& one : index.take_due(at(now), SIZE_MAX)) {
      CHECK(model.at(one.entry) == one.due);
      CHECK(one.due <= at(now));
      model.erase(one.entry);
    }
    for (const auto& [entry, due] : model) CHECK(due > at(now));
  }
  (void)index.take_due(at(2'000), SIZE_MAX);
  CHECK(index.size() == 0);
  CHECK(!index.next_due());
}
