// How many connections a destination bears, learned from those it turns away: found soon, kept to, asked about ever more
// seldom, found anew when it rises or falls; and no mail is put off by it.
#include <doctest/doctest.h>

#include "services/delivery/schedule/simulated_delivery.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using namespace hikyaku::delivery::simulation;
using Kind = Behaviour::Kind;
using Setback = Destination::Setback;

namespace {

constexpr WallTime noon{std::chrono::seconds{1'700'000'000}};
constexpr auto ms = [](int count) { return std::chrono::milliseconds{count}; };
Evidence why() { return {noon, FailureClass::Transient, "421 too many connections", "mx"}; }

// A host that bears `cap` connections, and mail enough for all that our limit allows.
struct Host {
  Destination state;
  std::uint32_t cap, standing = 0, turned = 0, most = 0;
  explicit Host(std::uint32_t cap_, std::uint32_t ours = 50) : cap(cap_) { state.set_most(ours); }
  // A second passes: connections are made up to our limit, each of those that stand takes ten mails.
  void second(WallTime now) {
    standing = std::min(standing, state.limit());
    while (standing < state.limit()) {
      if (standing >= cap) {
        ++turned;
        REQUIRE(state.turned_away(now, why(), standing) == Setback::TurnedAway);
        break;
      }
      state.connected(now, ++standing);
      state.answered(now, {});
    }
    most = std::max(most, standing);
    for (std::uint32_t n = 0; n < 10 * standing; ++n) state.answered(now, 100ms);
  }
};

SchedulerSettings settings(std::uint32_t per_destination) {
  SchedulerSettings all;
  all.lanes = {.slots = 100, .reserved_fresh = 50, .reserved_retry = 10, .per_destination = per_destination};
  return all;
}

constexpr auto name = "far.example";
void accept(Simulation& world, int count) {
  for (int n = 0; n < count; ++n) world.accept("s" + std::to_string(n % 50), {"r"}, name);
}

// How long it took to deliver all that is open; the mails stay open when it takes longer than an hour.
Duration drained(Simulation& world) {
  const WallTime from = world.now;
  while (world.open_recipients() > 0 && world.now - from < std::chrono::hours{1}) world.run(world.now + ms(100));
  CHECK(world.open_recipients() == 0);
  CHECK(world.check_owners().empty());
  return world.now - from;
}

}  // namespace

TEST_CASE("a connection that is turned away beside nine tells the cap; beyond it one more is asked for, ever more seldom") {
  Destination d;
  d.set_most(20);
  for (int n = 0; n < 50; ++n) d.answered(noon, 10ms);
  CHECK(d.turned_away(noon, why(), 9) == Setback::TurnedAway);
  CHECK(d.limit() == 9);
  CHECK(d.ceiling() == 9);
  CHECK(d.health() == Health::Throttled);
  WallTime now = noon;
  Duration before{};
  for (int round = 0; round < 15; ++round) {
    const WallTime from = now;
    while (d.limit() == 9) {
      d.answered(now, 10ms);
      if (d.limit() == 9) now += ms(500);
      REQUIRE(now - from < std::chrono::hours{1});
    }
    CHECK(d.limit() == 10);
    CHECK(d.asks_for_more());
    for (int n = 0; n < 100; ++n) d.answered(now, 10ms);
    CHECK(d.limit() == 10);  // one, however long it goes well without it
    const Duration waited = now - from;
    CHECK(waited >= before);
    before = waited;
    CHECK(d.turned_away(now, why(), 9) == Setback::TurnedAway);
  }
  CHECK(before >= Destination::longest_wait);
  CHECK(before <= Destination::longest_wait + 1s);
}

TEST_CASE("a burst of connections that are turned away is one refusal; the last of them tells the cap") {
  Destination d;
  d.set_most(20);
  for (int n = 0; n < 50; ++n) d.answered(noon, 10ms);
  for (std::uint32_t others = 19; others >= 10; --others) CHECK(d.turned_away(noon, why(), others) == Setback::TurnedAway);
  CHECK(d.limit() == 10);
  d.answered(noon + ms(1'900), 10ms);
  CHECK(d.limit() == 10);
  d.answered(noon + ms(2'000), 10ms);
  CHECK(d.limit() == 11);
}

TEST_CASE("a steady cap: filled all the time, and a handful are turned away in an hour") {
  Host host(10);
  for (int s = 0; s < 3'600; ++s) {
    host.second(noon + std::chrono::seconds{s});
    if (s > 20) REQUIRE(host.standing == 10);
  }
  CHECK(host.turned <= 14);
  CHECK(host.turned >= 3);  // it is asked
}

TEST_CASE("a cap that rises is found, at the latest when it is asked about next, and one that falls at once") {
  Host host(4);
  int s = 0;
  for (; s < 600; ++s) host.second(noon + std::chrono::seconds{s});
  CHECK(host.standing == 4);
  const auto turned = host.turned;
  host.cap = 30;
  for (; s < 600 + 1'200; ++s) host.second(noon + std::chrono::seconds{s});
  CHECK(host.standing == 30);
  CHECK(host.turned <= turned + 12);
  host.cap = 3, host.standing = 0;  // it was started anew
  for (; s < 1'810; ++s) host.second(noon + std::chrono::seconds{s});
  CHECK(host.standing == 3);
  CHECK(host.state.limit() <= 4);
  host.cap = 100;  // none of its own: ours
  for (; s < 1'810 + 1'200; ++s) host.second(noon + std::chrono::seconds{s});
  CHECK(host.standing == 50);
  CHECK(!host.state.ceiling());
  CHECK(host.state.health() == Health::Healthy);
}

TEST_CASE("when all are turned away it is down, and that row tells nothing of a cap; back again it is asked soon") {
  Destination d;
  d.set_most(20);
  for (int n = 0; n < 50; ++n) d.answered(noon, 10ms);
  for (std::uint32_t others = 8; others > 0; --others) CHECK(d.turned_away(noon, why(), others) == Setback::TurnedAway);
  CHECK(d.limit() == 1);
  CHECK(d.turned_away(noon, why(), 0) == Setback::Down);
  CHECK(!d.ceiling());
  CHECK(d.answered(noon + 60s, 10ms) == Destination::Was::Down);
  for (int n = 0; n < 30; ++n) d.answered(noon + 60s, 10ms);
  CHECK(d.limit() == 20);

  CHECK(d.turned_away(noon + 61s, why(), 5) == Setback::TurnedAway);
  d.answered(noon + 61s, 10ms);
  CHECK(d.turned_away(noon + 70s, why(), 0) == Setback::Down);
  CHECK(d.ceiling() == 5);  // what was learned before stands
  d.answered(noon + 100s, 10ms);
  for (int n = 0; n < 30; ++n) d.answered(noon + 100s, 10ms);
  CHECK(d.limit() == 5);
  d.answered(noon + 103s, 10ms);
  CHECK(d.limit() == 6);
}

TEST_CASE("what the settings allow comes first: a cap at or above them is none") {
  Destination d;
  d.set_most(8);
  for (int n = 0; n < 50; ++n) d.answered(noon, 10ms);
  CHECK(d.turned_away(noon, why(), 7) == Setback::TurnedAway);
  CHECK(d.ceiling() == 7);
  d.set_most(5);
  CHECK(!d.ceiling());
  CHECK(d.limit() == 5);
  for (int n = 0; n < 50; ++n) d.answered(noon + 60s, 10ms);
  CHECK(d.limit() == 5);
}

TEST_CASE("a backlog drains at nine tenths of what a host with an untold cap takes, and nothing of it is put off") {
  for (const bool resets : {false, true}) {
    Simulation world(resets ? 2 : 1, settings(20));
    auto& host = world.peer(name);
    host.behave(world.now, {.kind = Kind::Dead, .silence = FailureClass::ConnectionRefused});
    constexpr int all = 5'000;
    accept(world, all);
    world.run(world.now + std::chrono::minutes{30});
    CHECK(world.open_recipients() == all);
    host.behave(world.now, {.kind = Kind::Throttling, .latency = ms(100), .bears = 10, .resets = resets});
    world.turned_away = 0, world.attempts = 0;
    while (world.open_recipients() == all) world.run(world.now + ms(100));
    const auto took = drained(world);
    CHECK(took <= ms(all * 100 / 10 * 100 / 90) + 2s);  // the slow start
    CHECK(host.most_open == 10);
    CHECK(world.turned_away <= 20);
    CHECK(world.turned_away_for_good == 0);
    CHECK(world.attempts <= all + 5);  // and the probes
  }
}

TEST_CASE("fresh mail finds the cap of a host as it finds the host: none of it waits for a retry") {
  Simulation world(3, settings(20));
  auto& host = world.peer(name);
  host.behave(world.now, {.kind = Kind::Throttling, .latency = ms(100), .bears = 3});
  for (int burst = 0; burst < 20; ++burst) {
    accept(world, 60);
    CHECK(drained(world) <= 5s);
    world.run(world.now + std::chrono::minutes{1});
  }
  CHECK(host.most_open == 3);
  CHECK(world.attempts == 20 * 60);
  CHECK(world.turned_away_for_good == 0);
  CHECK(host.over <= 60);
}

TEST_CASE("a cap that rises and falls while mail comes: followed, and no mail is put off") {
  Simulation world(4, settings(20));
  auto& host = world.peer(name);
  const auto bears = [&](std::uint32_t cap) { host.behave(world.now, {.kind = Kind::Throttling, .latency = ms(100), .bears = cap}); };
  std::size_t sent = 0;
  const auto minutes_of_bursts = [&](int count) {
    for (int n = 0; n < count; ++n) {
      accept(world, 100);
      sent += 100;
      world.run(world.now + 60s);
      CHECK(world.open_recipients() == 0);
    }
  };
  bears(4);
  minutes_of_bursts(10);
  CHECK(host.most_open == 4);
  bears(15);
  minutes_of_bursts(30);
  CHECK(host.most_open == 15);
  const auto over = host.over;
  bears(2);
  host.most_open = 0;
  minutes_of_bursts(10);
  CHECK(host.most_open == 2);
  CHECK(host.over - over <= 30);
  CHECK(world.attempts == sent);
}

TEST_CASE("a host that turns away at random: all its mail is delivered in good time") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Simulation world(seed, settings(20));
    world.peer(name).behave(world.now, {.kind = Kind::Moody, .latency = ms(100), .moods = 3});
    accept(world, 2'000);
    CHECK(drained(world) <= 60s + 120s);  // with ten connections from the first moment 20 s; a first one that is refused is an outage
    CHECK(world.ends.size() == 2'000);
  }
}

TEST_CASE("whose connection is one too many again and again has an attempt in the end") {
  Scheduler scheduler;
  scheduler.configure(settings(5));
  const std::string key = "host:far:25";
  RemoteJob job;
  job.ref = {{1, 1, 1, 1}, 0, {}};
  job.recipients = {0};
  scheduler.claim(job.ref.id, 0);
  REQUIRE(scheduler.admit(Lane::Fresh, key, job, 0, noon) == Scheduler::Admission::Queued);
  Attempt failed;
  failed.failure = FailureClass::Transient;
  failed.pace = Pace::TooFast;
  int taken = 0;
  for (bool waits = true; waits;) {
    auto slot = scheduler.next();
    REQUIRE(slot);
    auto next = scheduler.take(*slot);
    REQUIRE(next);
    ++taken;
    std::vector<RemoteJob> untried;
    REQUIRE(scheduler.session_failed(key, failed, noon, 2, untried) == Scheduler::Setback::TurnedAway);
    waits = scheduler.take_back(*slot, *next);
    scheduler.release(*slot, noon);
    REQUIRE(taken < 10);
  }
  CHECK(taken == 1 + Scheduler::most_turned_away);
}

TEST_CASE("a failure of the message's own kind is its attempt, whoever else is connected") {
  Scheduler scheduler;
  scheduler.configure(settings(5));
  for (const auto failure : {FailureClass::Tls, FailureClass::Policy, FailureClass::NoDnsAnswer, FailureClass::Greylisted}) {
    const std::string key = "host:" + std::string(class_name(failure)) + ":25";
    scheduler.session_opened(key, noon);
    Attempt failed;
    failed.failure = failure;
    std::vector<RemoteJob> untried;
    CHECK(scheduler.session_failed(key, failed, noon, 1, untried) == Scheduler::Setback::Counts);
  }
}
