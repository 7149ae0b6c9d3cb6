// The machine's clock is set, forward and back, while mail waits: nothing is given up early, nothing sleeps for days, nothing
// storms. Judged by the steady clock, which nobody sets (docs/adr/0023-clock-steps.md).
#include "services/delivery/schedule/simulation_words.h"

namespace {

const Behaviour silent{.kind = Behaviour::Kind::Dead, .silence = FailureClass::Timeout};

void accept_many(Simulation& world, int count) {
  for (int n = 0; n < count; ++n) world.accept("s" + std::to_string(n % 40), {"r" + std::to_string(n)}, "inner.example");
}
// Runs for as long by the steady clock.
void run_for(Simulation& world, Duration time) {
  const WallTime end = world.steady() + std::chrono::duration_cast<std::chrono::microseconds>(time);
  while (world.steady() < end) world.run(std::min<WallTime>(world.now + minutes{10}, end + world.set_by));
}
std::size_t given_up(const Simulation& world) {
  return static_cast<std::size_t>(std::ranges::count_if(world.ends, [](const auto& one) { return one.second != spool::Outcome::Delivered; }));
}

const Duration steps[] = {hours{1}, hours{72}, -hours{1}, -hours{72}, 30s, -30s, hours{24 * 400}, -hours{24 * 400}};

}  // namespace

TEST_CASE("a step of the clock gives nobody up early, nor keeps anybody past the period for long") {
  for (const auto& how : {dead, silent})
    for (const Duration step : steps) {
      CAPTURE(step.count());
      Simulation world(3, with_period(hours{24}));
      world.peer("inner.example").behave(WallTime::min(), how);
      accept_many(world, 20);
      run_for(world, hours{10});
      world.set_clock(step);
      run_for(world, hours{13});
      CHECK(given_up(world) == 0);
      run_for(world, hours{30});
      CHECK(world.open_recipients() == 0);
      CHECK(world.truly_early == 0);
      // A step back is counted a second time: at most what it was, and at most what of the period was over.
      CHECK(world.latest_end <= std::min<Duration>(std::max<Duration>(-step, Duration{}), hours{10}) + hours{5});
    }
}

TEST_CASE("after a step the next try comes as soon as without one, and a backlog goes when the peer is back") {
  for (const Duration step : steps) {
    CAPTURE(step.count());
    Simulation world(4, with_period(hours{120}));
    auto& inner = world.peer("inner.example");
    inner.behave(WallTime::min(), dead);
    accept_many(world, 50);
    run_for(world, hours{10});
    world.set_clock(step);
    inner.behave(world.steady(), {});
    run_for(world, hours{4} + minutes{10});  // the longest interval
    CHECK(world.open_recipients() == 0);
    CHECK(given_up(world) == 0);
  }
}

TEST_CASE("a step makes no storm: a dead destination goes on costing a few probes") {
  for (const Duration step : steps) {
    CAPTURE(step.count());
    Simulation world(5, with_period(hours{120}));
    world.peer("inner.example").behave(WallTime::min(), dead);
    accept_many(world, 2'000);
    run_for(world, hours{6});
    const auto before = world.attempts;
    world.set_clock(step);
    run_for(world, hours{1});
    CHECK(world.attempts - before < 30);
  }
}

TEST_CASE("forward by mistake and back again, delivery stopped or not: nobody is given up early, everybody ends") {
  for (const bool stopped : {false, true}) {
    Simulation world(6, with_period(hours{24}));
    auto& inner = world.peer("inner.example");
    inner.behave(WallTime::min(), dead);
    accept_many(world, 30);
    run_for(world, hours{5});
    if (stopped) world.stop();
    world.set_clock(hours{72});
    run_for(world, hours{2});
    if (stopped) world.start();
    accept_many(world, 30);  // stamped three days ahead
    run_for(world, hours{2});
    world.set_clock(-hours{72});
    run_for(world, hours{12});
    CHECK(given_up(world) == 0);
    run_for(world, hours{40});
    CHECK(world.open_recipients() == 0);
    CHECK(world.truly_early == 0);
  }
}

TEST_CASE("clocks that are set at random among random outages") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Simulation world(seed, with_period(hours{20}));
    auto& inner = world.peer("inner.example");
    auto& dice = world.random;
    WallTime at = world.now;
    for (int n = 0; n < 6; ++n) inner.behave(at += minutes{dice() % 900}, dice() % 3 == 0 ? Behaviour{} : dice() % 2 == 0 ? dead : silent);
    inner.behave(at + hours{100}, {});
    for (int n = 0; n < 8; ++n) {
      accept_many(world, static_cast<int>(dice() % 20));
      run_for(world, minutes{dice() % 600});
      if (dice() % 3 == 0) world.stop(), run_for(world, minutes{dice() % 300}), world.start();
      world.set_clock(minutes{static_cast<int>(dice() % 10'000) - 5'000});
    }
    run_for(world, hours{200});
    CHECK(world.open_recipients() == 0);
    CHECK(world.truly_early == 0);
    CHECK(world.check_owners().empty());
  }
}
