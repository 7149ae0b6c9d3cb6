// Bar 6: nine styles of greylisting, 5 min, 25 min and 1 h, each keyed by address, by network, per MX. After 20 messages the
// mean delay is within 15 percent of the optimum and nobody comes too early.
#include "services/delivery/schedule/simulation_words.h"

namespace {

struct Learned {
  double mean_seconds = 0;
  std::size_t too_early = 0, undelivered = 0;
};
Learned learn(std::uint64_t seed, Duration wait, Behaviour::Key key, bool hints) {
  Simulation world(seed);
  auto& site = world.peer("grey.example");
  site.behave(world.now, {.kind = Behaviour::Kind::Greylisting, .latency = 200ms, .greylist_wait = wait, .key = key, .hints = hints});
  std::vector<TraceId> measured;
  std::size_t early_before = 0;
  for (int n = 0; n < 60; ++n) {
    if (n == 20) {
      world.run(world.now + hours{5});  // what was sent to learn has its end
      early_before = site.too_early;
    }
    const auto id = world.accept("s" + std::to_string(n), {"r" + std::to_string(n)}, "grey.example");
    if (n >= 20) measured.push_back(id);
    world.run(world.now + minutes{7 + world.random() % 40});
  }
  world.run(world.now + hours{6});
  Learned out;
  out.too_early = site.too_early - early_before;
  for (const auto& id : measured) {
    if (!site.taken_at.contains({id, 0})) ++out.undelivered;
    else out.mean_seconds += std::chrono::duration<double>(site.taken_at.at({id, 0}) - world.accepted_at.at({id, 0})).count() / 40;
  }
  return out;
}

}  // namespace

TEST_CASE("nine styles of greylists, with hints and without: within 15 percent of the optimum, never too early") {
  for (const auto wait : {minutes{5}, minutes{25}, minutes{60}})
    for (const auto key : {Behaviour::Key::Address, Behaviour::Key::Network, Behaviour::Key::Exchanger})
      for (const bool hints : {false, true}) {
        CAPTURE(wait.count());
        CAPTURE(static_cast<int>(key));
        CAPTURE(hints);
        const auto learned = learn(static_cast<std::uint64_t>(wait.count()), wait, key, hints);
        // A network that is known lets everybody in at once.
        const double optimum = key == Behaviour::Key::Network ? 0 : std::chrono::duration<double>(wait).count();
        CHECK(learned.undelivered == 0);
        CHECK(learned.mean_seconds <= optimum * 1.15 + 1);
        CHECK(learned.too_early == 0);
      }
}

TEST_CASE("a large mailing to a greylist that knows networks opens the door with a few messages first") {
  Simulation world(3);
  auto& site = world.peer("grey.example");
  site.behave(world.now, {.kind = Behaviour::Kind::Greylisting, .latency = 200ms, .greylist_wait = minutes{25}, .key = Behaviour::Key::Network});
  for (int n = 0; n < 2'000; ++n) world.accept("list", {"r" + std::to_string(n)}, "grey.example");
  const WallTime start = world.now;
  world.run(start + minutes{24});
  std::size_t tried = 0;
  for (const auto& [id, stored] : world.spool) tried += !stored.open.empty() && stored.open.begin()->second.attempts > 0 ? 1 : 0;
  CHECK(tried <= 15);  // the openers, and what was under way with them
  CHECK(world.scheduler().health(site.key()) == Health::Greylisting);
  world.run(start + hours{1});
  CHECK(world.open_recipients() == 0);
}

TEST_CASE("a greylist keeps its waits: no growth of the interval, however often it says no") {
  Simulation world(4);
  auto& site = world.peer("grey.example");
  site.behave(world.now, {.kind = Behaviour::Kind::Greylisting, .latency = 200ms, .greylist_wait = minutes{61}, .key = Behaviour::Key::Address});
  const auto id = world.accept("s", {"r"}, "grey.example");
  world.run(world.now + hours{3});
  REQUIRE(site.taken_at.contains({id, 0}));
  CHECK(site.taken_at.at({id, 0}) - world.accepted_at.at({id, 0}) <= minutes{92});
}
