#include "services/delivery/held_destinations.h"

#include <doctest/doctest.h>

#include <random>

#include "services/delivery/schedule/scheduler.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using directory::Hold;
using Scope = directory::HoldScope;

namespace {

constexpr WallTime noon{1'700'000'000s};

Hold hold(std::uint64_t id, directory::HoldScope scope, std::string pattern, WallTime start = noon, WallTime end = WallTime::max()) {
  Hold one;
  one.id = id, one.scope = scope, one.pattern = std::move(pattern), one.start = start, one.end = end;
  return one;
}

// What Delivery does with the changes: by destination, which hold and until when.
struct Applied {
  HeldDestinations held;
  std::map<std::string, std::pair<std::uint64_t, WallTime>> shut;

  bool follow(const std::vector<Hold>& holds, WallTime now, const std::vector<std::string>& all, const std::vector<std::string>& fresh) {
    auto changes = held.follow(holds, now);
    for (const auto& key : changes.all_again ? all : fresh)
      if (const auto* by = held.meet(key)) changes.held.emplace_back(key, by);
    for (const auto& key : changes.released) CHECK(shut.erase(key) == 1);
    for (const auto& [key, by] : changes.held) shut[key] = {by->id, by->end};
    return changes.all_again;
  }
};

std::vector<std::string> keys_of(const Applied& applied) {
  std::vector<std::string> keys;
  for (const auto& [key, by] : applied.shut) keys.push_back(key);
  return keys;
}

}  // namespace

TEST_CASE("held destinations: what begins, ends, changes and appears is taken up, once") {
  Applied one;
  const std::vector<std::string> all = {"mx:a.example", "mx:mx.a.example,mx2.b.example", "host:gw.example:25", "local:c.example"};
  CHECK_FALSE(one.follow({}, noon, all, all));
  std::vector<Hold> holds = {hold(1, Scope::Destination, "a.example"), hold(2, Scope::Sender, "x@a.example"), hold(3, Scope::Route, "gw.example", noon + 1h),
                             hold(4, Scope::Destination, "*.a.example", noon - 2h, noon - 1h)};
  CHECK(one.follow(holds, noon, all, {}));
  CHECK(keys_of(one) == std::vector<std::string>{"mx:a.example"});
  CHECK_FALSE(one.follow(holds, noon, all, {}));
  CHECK_FALSE(one.follow(holds, noon, all, {"mx:a.example", "mx:new.example", "mx:x.example,a.example"}));
  CHECK(keys_of(one) == std::vector<std::string>{"mx:a.example", "mx:x.example,a.example"});
  CHECK(one.follow(holds, noon + 1h, all, {}));  // the planned one begins
  CHECK(one.shut.at("host:gw.example:25").first == 3);
  // Everything, and then the first ends: what both select stays shut, by the other.
  holds.push_back(hold(5, Scope::All, "", noon, noon + 5h));
  CHECK(one.follow(holds, noon + 2h, all, {}));
  CHECK(one.shut.size() == 5);
  CHECK(one.held.held_by(1).size() == 2);
  holds[0].end = noon + 3h;
  CHECK_FALSE(one.follow(holds, noon + 2h, all, {}));
  CHECK(one.shut.at("mx:a.example") == std::pair{std::uint64_t{1}, noon + 3h});
  CHECK_FALSE(one.follow(holds, noon + 3h, all, {}));
  CHECK(one.shut.at("mx:a.example") == std::pair{std::uint64_t{5}, noon + 5h});
  CHECK(one.held.held_by(1).empty());
  CHECK_FALSE(one.follow(holds, noon + 5h, all, {}));
  CHECK(keys_of(one) == std::vector<std::string>{"host:gw.example:25"});
  CHECK_FALSE(one.follow({}, noon + 5h, all, {}));  // removed
  CHECK(one.shut.empty());
  CHECK(one.held.idle());
}

TEST_CASE("held destinations: random holds and destinations come to what matching everything says") {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Applied one;
    std::vector<Hold> holds;
    std::vector<std::string> all;
    for (WallTime now = noon; now < noon + 40min; now += 1min) {
      std::vector<std::string> fresh;
      if (random() % 2 == 0) fresh.push_back("mx:d" + std::to_string(random() % 30) + ".example");
      all.insert(all.end(), fresh.begin(), fresh.end());
      if (random() % 5 == 0)
        holds.push_back(hold(holds.size() + 1, random() % 9 == 0 ? Scope::All : Scope::Destination, "d" + std::to_string(random() % 30) + ".example", now + std::chrono::minutes{random() % 5},
                             random() % 2 == 0 ? WallTime::max() : now + std::chrono::minutes{random() % 9}));
      if (!holds.empty() && random() % 5 == 0) holds[random() % holds.size()].end = now + std::chrono::minutes{random() % 3};
      one.follow(holds, now, all, fresh);
      std::set<std::string> wanted;
      for (const auto& key : all)
        if (std::ranges::any_of(holds, [&](const auto& by) { return by.runs(now) && directory::selects_all_of(by, key); })) wanted.insert(key);
      REQUIRE(keys_of(one) == std::vector<std::string>(wanted.begin(), wanted.end()));
      for (const auto& [key, by] : one.shut) {
        const auto& holder = holds[by.first - 1];
        REQUIRE((holder.runs(now) && holder.end == by.second && directory::selects_all_of(holder, key)));
      }
    }
  }
}

TEST_CASE("held destinations: with 100,000 of them a second in which nothing changed compares nothing") {
  HeldDestinations held;
  std::vector<Hold> holds;
  for (std::uint64_t id = 1; id <= 10; ++id) holds.push_back(hold(id, Scope::Destination, "d" + std::to_string(id) + ".example"));
  CHECK(held.follow(holds, noon).all_again);
  std::size_t shut = 0;
  for (int n = 0; n < 100'000; ++n) shut += held.meet("mx:d" + std::to_string(n) + ".example") != nullptr ? 1 : 0;
  CHECK(shut == 10);
  const auto before = held.comparisons();
  for (int second = 1; second < 1'000; ++second) (void)held.follow(holds, noon + std::chrono::seconds{second});
  CHECK(held.comparisons() == before);
  (void)held.meet("mx:new.example");
  CHECK(held.comparisons() == before + holds.size());
  holds.pop_back();
  CHECK(held.follow(holds, noon + 1h).released == std::vector<std::string>{"mx:d10.example"});
  CHECK(held.comparisons() == before + 2 * holds.size() + 1);
}

TEST_CASE("the scheduler tells each destination that appears, and the next hops that are silent") {
  Scheduler scheduler;
  scheduler.configure({});
  scheduler.session_opened("mx:a.example", noon);
  scheduler.session_opened("mx:a.example", noon);
  scheduler.defer("mx:b.example", {{1, 1, 1, 1}, 0}, noon + 1h, noon + 9h, 0);
  CHECK(scheduler.take_newcomers().names == std::vector<std::string>{"mx:a.example", "mx:b.example"});
  CHECK(scheduler.take_newcomers().names.empty());
  scheduler.deferred().remove("mx:b.example", {{1, 1, 1, 1}, 0});  // the last of it: forgotten
  scheduler.deferred().add("mx:b.example", {{1, 1, 1, 2}, 0}, noon + 1h);
  CHECK(scheduler.take_newcomers().names == std::vector<std::string>{"mx:b.example"});
  for (std::size_t n = 0; n <= Newcomers::most; ++n) scheduler.session_opened("mx:n" + std::to_string(n) + ".example", noon);
  CHECK(scheduler.take_newcomers().too_many);
  CHECK_FALSE(scheduler.take_newcomers().too_many);
  std::vector<RemoteJob> untried;
  for (const char* key : {"host:b:25", "host:a:25", "mx:c.example"})
    CHECK(scheduler.session_failed(key, {0, AttemptResult::Failed, FailureClass::ConnectionRefused, "4.4.1", "", "refused", key, ""}, noon, 0, untried) == Scheduler::Setback::Down);
  CHECK(scheduler.silent_hosts() == std::vector<std::string>{"host:a:25", "host:b:25"});
  scheduler.session_opened("host:a:25", noon + 1s);
  CHECK(scheduler.silent_hosts() == std::vector<std::string>{"host:b:25"});
}
