// Seeds of random trouble: 0 lost, 0 stuck, one owner for each recipient at every moment, duplicates only where the cut
// fell between the peer's acceptance and our record. HIKYAKU_SIMULATION_SEEDS sets how many; a failing one is named.
#include <cstdlib>

#include "services/delivery/schedule/simulation_words.h"

namespace {

Behaviour random_behaviour(std::mt19937_64& random) {
  using Kind = Behaviour::Kind;
  constexpr Kind kinds[] = {Kind::Healthy, Kind::Healthy, Kind::Dead, Kind::Refusing, Kind::Greylisting, Kind::Throttling, Kind::Moody, Kind::Tarpit, Kind::Flaky, Kind::Cutting};
  Behaviour how;
  how.kind = kinds[random() % std::size(kinds)];
  how.latency = std::chrono::milliseconds{10 + random() % 2'000};
  constexpr FailureClass silences[] = {FailureClass::Timeout, FailureClass::ConnectionRefused, FailureClass::Unreachable, FailureClass::NoDnsAnswer};
  how.silence = silences[random() % std::size(silences)];
  how.greylist_wait = minutes{1 + random() % 90};
  how.key = static_cast<Behaviour::Key>(random() % 3);
  how.hints = random() % 2 == 0;
  how.bears = 1 + random() % 5;
  how.resets = random() % 3 == 0;
  how.moods = 2 + static_cast<std::uint32_t>(random() % 4);
  return how;
}

SchedulerSettings random_settings(std::mt19937_64& random) {
  SchedulerSettings settings;
  settings.lanes.slots = 2 + random() % 30;
  settings.lanes.reserved_fresh = settings.lanes.slots / 2;
  settings.lanes.reserved_retry = settings.lanes.slots / 10;
  settings.lanes.per_destination = 1 + random() % 10;
  settings.window_messages = 20 + random() % 200;
  settings.most_waiting = 60 + random() % 500;
  settings.retry.base.transient_period = hours{4 + random() % 20};
  settings.retry.base.no_answer_period = hours{4 + random() % 20};
  settings.retry.base.interval = seconds{30 + random() % 600};
  settings.retry.base.longest_interval = minutes{20 + random() % 100};
  return settings;
}

// Every third seed: periods of their own for error mail and for some domains, which share their hosts with others.
void add_periods(Simulation& world, SchedulerSettings settings) {
  auto dice = std::mt19937_64(world.random());
  settings.retry.base.error_mail_period = hours{2 + dice() % 40};
  const auto row = [&](const std::string& line) { settings.retry.rows.push_back(*parse_retry_row(line)); };
  row("brief.d*.example unanswered period=" + std::to_string(1 + dice() % 3) + "h");
  row("patient.d0.example * period=" + std::to_string(20 + dice() % 30) + "h interval=" + std::to_string(1 + dice() % 20) + "m");
  world.change_settings(settings);
  for (int n = 0; n < 5; ++n)
    for (const char* who : {"brief.d", "patient.d"}) world.served_by[who + std::to_string(n) + ".example"] = "d" + std::to_string(n) + ".example";
}

// Of mail whose senders say how urgent it is: half is ordinary. Its own dice, so that a seed is the same trouble with it and without.
enum class Urgency : std::uint8_t { Ordinary, Mixed };
std::int8_t random_priority(std::mt19937_64& dice) { return dice() % 2 == 0 ? std::int8_t{0} : static_cast<std::int8_t>(static_cast<int>(dice() % 19) - 9); }

void plan_trouble(Simulation& world, WallTime end, Urgency urgency = Urgency::Ordinary) {
  auto& random = world.random;
  const auto urgencies = std::make_shared<std::mt19937_64>(world.random());
  const int destinations = 1 + static_cast<int>(random() % 5);
  for (int n = 0; n < destinations; ++n) {
    auto& peer = world.peer("d" + std::to_string(n) + ".example");
    for (WallTime at = world.now; at < end; at += minutes{5 + random() % 600}) peer.behave(at, random_behaviour(random));
    peer.behave(end, {});
  }
  const int arrivals = 5 + static_cast<int>(random() % 40);
  for (int n = 0; n < arrivals; ++n)
    world.at(world.now + seconds{random() % 20'000}, [&world, destinations, urgency, urgencies] {
      auto& dice = world.random;
      const auto domain = "d" + std::to_string(dice() % static_cast<unsigned>(destinations)) + ".example";
      const std::size_t burst = dice() % 6 == 0 ? 20 + dice() % 60 : 1;
      for (std::size_t m = 0; m < burst; ++m) {
        std::vector<std::string> recipients;
        for (std::size_t r = 0; r <= dice() % 4; ++r) recipients.push_back("r" + std::to_string(dice() % 50));
        const auto who = m % 4 == 3 && !world.served_by.empty() ? "" : "s" + std::to_string(dice() % 5);
        const auto to = world.served_by.empty() || m % 3 == 0 ? domain : (m % 3 == 1 ? "brief." : "patient.") + domain;
        world.accept(who, recipients, to, urgency == Urgency::Mixed ? random_priority(*urgencies) : std::int8_t{0});
      }
    });
  for (int n = static_cast<int>(random() % 5); n > 0; --n)
    world.at(world.now + seconds{random() % 60'000}, [&world] {
      if (world.random() % 2 == 0) world.stop();
      else world.power_cut();
      if (world.random() % 2 == 0) world.now += minutes{world.random() % 600};
      world.start();
    });
  for (int n = static_cast<int>(random() % 3); n > 0; --n)
    world.at(world.now + seconds{random() % 40'000}, [&world] {
      const auto key = world.peer("d0.example").key();
      world.hold(key, world.now + minutes{world.random() % 500});
    });
}

std::string run_seed(std::uint64_t seed) {
  std::mt19937_64 first(seed);
  Simulation world(seed, random_settings(first));
  const WallTime end = world.now + hours{30};
  world.watches_urgency = true;
  if (seed % 3 == 0) {
    std::mt19937_64 again(seed);
    add_periods(world, random_settings(again));
  }
  plan_trouble(world, end, seed % 2 == 0 ? Urgency::Mixed : Urgency::Ordinary);
  // Everybody answers from `end` on, so that all is over a period later at the latest.
  for (WallTime until = world.now; until < end + hours{60} && (until < end || world.open_recipients() > 0); until += minutes{30}) {
    world.run(until + minutes{30});
    if (auto trouble = world.check_owners(); !trouble.empty()) return trouble;
  }
  if (world.open_recipients() > 0) return "stuck: " + std::to_string(world.open_recipients()) + " recipients";
  for (const auto& [id, when] : world.accepted_at)
    if (!world.ends.contains(id)) return "lost: " + id.first.text();
  for (const auto& [name, peer] : world.peers)
    for (const auto& [id, times] : peer.taken) {
      if (times > 1 && !world.may_repeat.contains(id) && !peer.unclear.contains(id)) return "delivered twice: " + id.first.text();
    }
  for (const auto& [id, outcome] : world.ends)
    if (outcome == spool::Outcome::Delivered) {
      bool taken = false;
      for (const auto& [name, peer] : world.peers) taken = taken || peer.taken.contains(id);
      if (!taken) return "said to be delivered and was not: " + id.first.text();
    }
  if (world.early_ends > 0) return "given up before its period was over";
  if (world.late_ends > 0) return "given up long after its period was over";
  if (world.counted_untried > 0) return "an attempt was counted that nobody made";
  if (!world.urgency.trouble.empty()) return world.urgency.trouble;
  return {};
}

}  // namespace

TEST_CASE("seeds of random trouble: nothing lost, nothing stuck, everything owned once") {
  const char* wanted = std::getenv("HIKYAKU_SIMULATION_SEEDS");
  const char* begin = std::getenv("HIKYAKU_SIMULATION_FIRST");
  const std::uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 200;
  const std::uint64_t from = begin != nullptr ? std::strtoull(begin, nullptr, 10) : 1;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    const auto trouble = run_seed(seed);
    CHECK_MESSAGE(trouble.empty(), "HIKYAKU_SIMULATION_FIRST=" << seed << ": " << trouble);
  }
}

TEST_CASE("of a backlog of every urgency the urgent go first, and the oldest is overtaken eight times at most") {
  std::mt19937_64 first(3);
  auto settings = random_settings(first);
  settings.lanes = {.slots = 4, .reserved_fresh = 2, .reserved_retry = 1, .per_destination = 2};
  settings.most_waiting = 5'000, settings.window_messages = 5'000;
  Simulation world(3, settings);
  world.watches_urgency = true;
  auto& peer = world.peer("d0.example");
  peer.behave(world.now, {.kind = Behaviour::Kind::Healthy, .latency = 200ms});
  const WallTime begin = world.now;
  std::map<std::int8_t, std::pair<Duration, int>> waited;
  std::map<TraceId, std::int8_t> priority_of;
  // More comes than it takes for a while: without a bound the least urgent would wait until the end.
  for (int n = 0; n < 1'000; ++n)
    world.at(begin + std::chrono::milliseconds{n * 50}, [&world, &priority_of, n] {
      const auto priority = n % 20 == 0 ? std::int8_t{-3} : n % 2 == 0 ? std::int8_t{4} : random_priority(world.random);
      priority_of[world.accept("s" + std::to_string(n % 5), {"r" + std::to_string(n)}, "d0.example", priority)] = priority;
    });
  world.run(begin + hours{2});
  CHECK_MESSAGE(world.urgency.trouble.empty(), world.urgency.trouble);
  CHECK(world.open_recipients() == 0);
  CHECK(world.urgency.overtakings > 100);
  CHECK(world.urgency.turns_of_older > 10);
  for (const auto& [id, when] : world.ended_at) {
    auto& [sum, count] = waited[priority_of.at(id.first)];
    sum += when - world.accepted_at.at(id), ++count;
  }
  CHECK(waited.at(9).first / waited.at(9).second < waited.at(4).first / waited.at(4).second);
  CHECK(waited.at(4).first / waited.at(4).second < waited.at(-3).first / waited.at(-3).second);
}

TEST_CASE("the same seed is the same run") {
  const auto trace = [] {
    std::mt19937_64 first(7);
    Simulation world(7, random_settings(first));
    plan_trouble(world, world.now + hours{30});
    world.run(world.now + hours{40});
    return std::tuple{world.attempts, world.reads, world.ended_at};
  };
  CHECK(trace() == trace());
}
