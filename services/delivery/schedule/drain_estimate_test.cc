// How long the drain of a recovered destination will take, as it is told while it goes on, held against how long it took.
#include "services/delivery/schedule/simulation_words.h"

namespace {

void drains_as_told(const Behaviour& back, SchedulerSettings settings) {
  Simulation world(12, std::move(settings));
  auto& inner = world.peer("inner.example");
  inner.behave(world.now, dead);
  constexpr std::size_t all = 6'000;
  for (std::size_t n = 0; n < all; ++n) world.accept("s" + std::to_string(n % 300), {"r" + std::to_string(n)}, "inner.example");
  world.run(world.now + hours{5});
  REQUIRE(world.open_recipients() == all);
  inner.behave(world.now, back);
  struct Told {
    WallTime at;
    Duration left;
  };
  std::vector<Told> told;
  const WallTime end = world.now + hours{10};
  while (world.open_recipients() > 0 && world.now < end) {
    world.run(world.now + seconds{1});
    const auto view = world.scheduler().view(inner.key(), world.now);
    if (told.size() < 3 && world.open_recipients() <= all - (told.size() + 1) * all / 4) {
      REQUIRE(view);
      REQUIRE(view->drained_in);
      told.push_back({world.now, *view->drained_in});
    }
  }
  REQUIRE(world.open_recipients() == 0);
  REQUIRE(told.size() == 3);
  const auto last = std::ranges::max_element(world.ended_at, {}, [](const auto& one) { return one.second; })->second;
  for (const auto& one : told) {
    const double truth = std::chrono::duration<double>(last - one.at).count(), said = std::chrono::duration<double>(one.left).count();
    CAPTURE(truth);
    CAPTURE(said);
    CHECK(said >= truth * 0.85 - 2);
    CHECK(said <= truth * 1.15 + 2);
  }
}

}  // namespace

TEST_CASE("the estimate of a drain is within 15 % at a quarter, the half and three quarters of it") {
  SchedulerSettings settings;
  settings.lanes.per_destination = 8;
  SUBCASE("a quick host") { drains_as_told({.latency = 200ms}, settings); }
  SUBCASE("a slow one") { drains_as_told({.latency = 2s}, settings); }
}
