// The situations the product exists for, played with the simulated clock: outages longer than periods, stopped services,
// slow and dead destinations beside healthy ones.
#include "services/delivery/schedule/simulation_words.h"

namespace {

void arrive(Simulation& world, const std::string& domain, WallTime from, WallTime until, Duration every) {
  int n = 0;
  for (WallTime at = from; at < until; at += std::chrono::duration_cast<std::chrono::microseconds>(every))
    world.at(at, [&world, domain, who = n++] { world.accept("s" + std::to_string(who % 40), {"r" + std::to_string(who)}, domain); });
}
std::size_t delivered(const Simulation& world) {
  std::size_t count = 0;
  for (const auto& [id, outcome] : world.ends) count += outcome == spool::Outcome::Delivered ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("an outage of 72 h with a lifetime of 24 h under a hold: no bounce, no attempt while held") {
  Simulation world(1, with_period(hours{24}));
  auto& inner = world.peer("inner.example");
  const WallTime start = world.now;
  inner.behave(start, dead);
  inner.behave(start + hours{72}, {});
  arrive(world, "inner.example", start, start + hours{72}, minutes{5});
  world.run(start + minutes{30});
  world.hold(inner.key(), start + hours{72});
  const auto before = inner.connects;
  world.run(start + hours{72});
  CHECK(inner.connects == before);
  world.run(start + hours{76});
  CHECK(world.open_recipients() == 0);
  CHECK(delivered(world) == world.accepted_at.size());
  CHECK(world.check_owners().empty());
}

TEST_CASE("deliver stopped for 48 h with a period of 24 h: no bounce, and one fresh attempt before anything expires") {
  Simulation world(2, with_period(hours{24}));
  auto& inner = world.peer("inner.example");
  const WallTime start = world.now;
  inner.behave(start, dead);
  arrive(world, "inner.example", start, start + hours{60}, minutes{10});
  world.run(start + hours{3});
  world.stop();
  inner.behave(start + hours{50}, {});
  world.run(start + hours{51});
  CHECK(world.ends.empty());
  world.start();
  world.run(start + hours{70});
  CHECK(world.open_recipients() == 0);
  CHECK(delivered(world) == world.accepted_at.size());
}

TEST_CASE("stopped and started while the peer stays down: given up exactly when 24 h of running time are full") {
  Simulation world(3, with_period(hours{24}));
  world.peer("inner.example").behave(world.now, dead);
  const WallTime start = world.now;
  const auto id = world.accept("s", {"r"}, "inner.example");
  world.run(start + hours{2});
  world.stop();
  world.run(start + hours{50});
  world.start();
  world.run(start + hours{100});
  REQUIRE(world.ends.contains({id, 0}));
  CHECK(world.ends.at({id, 0}) == spool::Outcome::Expired);
  CHECK(world.early_ends == 0);
  const auto ended = world.ended_at.at({id, 0}) - start;
  CHECK(ended >= hours{72});
  CHECK(ended <= hours{72} + minutes{2});
}

TEST_CASE("down from Friday 18:00 to Tuesday 20:00 with the defaults and no hold: no bounce") {
  Simulation world(4);
  auto& inner = world.peer("inner.example");
  const WallTime friday = world.now;
  for (const auto silence : {FailureClass::Timeout}) inner.behave(friday, {.kind = Behaviour::Kind::Dead, .silence = silence});
  inner.behave(friday + hours{98}, {});
  arrive(world, "inner.example", friday, friday + hours{98}, minutes{5});
  world.run(friday + hours{110});
  CHECK(world.open_recipients() == 0);
  CHECK(delivered(world) == world.accepted_at.size());
  CHECK(inner.connects < 400 + world.accepted_at.size());  // probes, then one session for several messages
}

TEST_CASE("a period raised from 24 h to 48 h during the outage counts at once for what is queued") {
  Simulation world(5, with_period(hours{24}));
  auto& inner = world.peer("inner.example");
  const WallTime start = world.now;
  inner.behave(start, dead);
  inner.behave(start + hours{40}, {});
  for (int n = 0; n < 50; ++n) world.accept("s", {"r" + std::to_string(n)}, "inner.example");
  world.run(start + hours{20});
  world.change_settings(with_period(hours{48}));
  world.run(start + hours{45});
  CHECK(delivered(world) == 50);
}

TEST_CASE("one dead destination with 5,000 messages costs a few probes; fresh mail for others does not feel it") {
  Simulation world(6);
  auto& gone = world.peer("dead.example");
  gone.behave(world.now, {.kind = Behaviour::Kind::Dead, .silence = FailureClass::Timeout});
  const WallTime start = world.now;
  for (int n = 0; n < 5'000; ++n) world.accept("s" + std::to_string(n % 500), {"r" + std::to_string(n)}, "dead.example");
  world.run(start + hours{1});
  const auto connects = gone.connects, reads = world.reads;
  CHECK(connects <= 25);
  world.run(start + hours{24});
  CHECK(gone.connects - connects <= 40);
  CHECK(world.reads - reads <= 60);  // nothing is read for each message and cycle
  Duration longest{};
  for (int n = 0; n < 100; ++n) {
    const auto id = world.accept("one", {"r"}, "well" + std::to_string(n % 5) + ".example");
    const auto accepted = world.now;
    world.run(world.now + seconds{10});
    REQUIRE(world.ended_at.contains({id, 0}));
    longest = std::max<Duration>(longest, world.ended_at.at({id, 0}) - accepted);
  }
  CHECK(longest <= seconds{1});
}

TEST_CASE("a slow destination with 10,000 fresh messages holds only its own slots and its share of memory") {
  SchedulerSettings settings;
  settings.lanes = {.slots = 40, .reserved_fresh = 20, .reserved_retry = 4, .per_destination = 20};
  settings.window_messages = 500;
  settings.most_waiting = 2'000;
  Simulation world(7, settings);
  world.peer("tarpit.example").behave(world.now, {.kind = Behaviour::Kind::Tarpit});
  for (int n = 0; n < 10'000; ++n) world.accept("s" + std::to_string(n % 500), {"r" + std::to_string(n)}, "tarpit.example");
  world.run(world.now + minutes{20});
  CHECK(world.peer("tarpit.example").most_open <= 20);
  for (int n = 0; n < 50; ++n) {
    const auto id = world.accept("one", {"r"}, "well.example");
    const auto accepted = world.now;
    world.run(world.now + seconds{5});
    REQUIRE(world.ended_at.contains({id, 0}));
    CHECK(world.ended_at.at({id, 0}) - accepted <= seconds{1});
  }
  CHECK(world.check_owners().empty());
}

TEST_CASE("after an outage: oldest first, from one connection on, never above the cap") {
  SchedulerSettings settings;
  settings.lanes.per_destination = 8;
  Simulation world(8, settings);
  auto& inner = world.peer("inner.example");
  const WallTime start = world.now;
  inner.behave(start, dead);
  arrive(world, "inner.example", start, start + hours{10}, minutes{1});
  world.run(start + hours{10});
  inner.behave(world.now, {});
  const WallTime back = world.now;
  world.run(back + hours{2});
  CHECK(world.open_recipients() == 0);
  CHECK(inner.most_open <= 8);
  // Ends in the order of acceptance, but for those that were under way together.
  std::vector<std::pair<WallTime, WallTime>> order;
  for (const auto& [id, accepted] : world.accepted_at) order.push_back({accepted, inner.taken_at.at(id)});
  std::ranges::sort(order);
  std::size_t far_out_of_order = 0;
  for (std::size_t n = 20; n < order.size(); ++n) far_out_of_order += order[n].second < order[n - 20].second ? 1 : 0;
  CHECK(far_out_of_order <= order.size() / 20);
}

TEST_CASE("a limit for a domain holds for a backlog that came out of the spool at a start") {
  SchedulerSettings settings;
  settings.limits.push_back({.via = false, .pattern = "inner.example", .connections = 2});
  Simulation world(9, settings);
  auto& inner = world.peer("inner.example");
  inner.behave(world.now, dead);
  arrive(world, "inner.example", world.now, world.now + hours{5}, minutes{1});
  world.run(world.now + hours{5});
  world.stop(), world.start();
  inner.behave(world.now, {.latency = 2s});
  world.run(world.now + hours{4});
  CHECK(world.open_recipients() == 0);
  CHECK(inner.most_open <= 2);
}

TEST_CASE("a peer that bears three connections is found to bear about three") {
  Simulation world(9);
  auto& peer = world.peer("small.example");
  peer.behave(world.now, {.kind = Behaviour::Kind::Throttling, .latency = 1s, .bears = 3});
  for (int n = 0; n < 2'000; ++n) world.accept("s" + std::to_string(n), {"r"}, "small.example");
  const WallTime start = world.now;
  world.run(start + hours{3});
  CHECK(world.open_recipients() == 0);
  CHECK(peer.most_open <= 3);
  const auto last = std::ranges::max_element(world.ended_at, {}, [](const auto& one) { return one.second; });
  CHECK(last->second - start < seconds{2'000 / 3 * 3});  // a third of what it bears, at the least
}

TEST_CASE("a large mailing does not delay one-to-one mail to the same destination for long") {
  SchedulerSettings settings;
  settings.lanes.per_destination = 4;
  Simulation world(10, settings);
  world.peer("big.example").behave(world.now, {.kind = Behaviour::Kind::Healthy, .latency = 500ms});
  for (int n = 0; n < 3'000; ++n) world.accept("newsletter", {"r" + std::to_string(n)}, "big.example");
  world.run(world.now + seconds{30});
  const auto id = world.accept("a-person", {"friend"}, "big.example");
  const auto accepted = world.now;
  world.run(world.now + minutes{2});
  REQUIRE(world.ended_at.contains({id, 0}));
  CHECK(world.ended_at.at({id, 0}) - accepted <= seconds{25});
  CHECK(world.open_recipients() > 1'000);  // the mailing was far from over
}
