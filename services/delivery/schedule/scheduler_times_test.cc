// What senders ask of time, in the scheduler alone: held mail has a timer and no lane, the urgent go first when a
// destination is back, and a wish for a destination's mail (ETRN) releases its backlog.
#include <doctest/doctest.h>

#include "services/delivery/schedule/scheduler.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr WallTime start{std::chrono::seconds{1'700'000'000}};
const std::string key = "host:inner:25";

DeferredEntry entry(std::uint32_t n) { return {{1, 1, 1, n}, 0}; }

Scheduler made() {
  Scheduler scheduler;
  SchedulerSettings settings;
  settings.lanes = {.slots = 4, .reserved_fresh = 2, .reserved_retry = 1, .per_destination = 1};
  scheduler.configure(std::move(settings));
  return scheduler;
}

bool is_owned_once(const Scheduler& scheduler) {
  const auto found = scheduler.check_ownership();
  return found.twice.empty() && found.unclaimed.empty();
}

// Down since `now`, with one who waits for hours.
void take_down(Scheduler& scheduler, WallTime now) {
  Attempt failed;
  failed.failure = FailureClass::Timeout;
  std::vector<RemoteJob> untried;
  CHECK(scheduler.session_failed(key, failed, now, 0, untried) == Scheduler::Setback::Down);
  REQUIRE(scheduler.health(key) == Health::Down);
  CHECK(untried.empty());
}

// In which order they get their slot, until nobody waits for one.
std::vector<std::uint64_t> tried(Scheduler& scheduler, WallTime now) {
  std::vector<std::uint64_t> order;
  for (bool more = true; more;) {
    more = scheduler.feed(now);
    while (auto slot = scheduler.next()) {
      while (const auto job = scheduler.take(*slot)) {
        order.push_back(job->ref.id.sequence);
        for (const auto recipient : job->recipients) scheduler.disclaim(job->ref.id, recipient);
      }
      scheduler.release(*slot, now);
      more = true;
    }
  }
  return order;
}

}  // namespace

TEST_CASE("held mail is its timer's until its time, then whoever takes it has it; no lane and no slot is for it") {
  auto scheduler = made();
  const std::string held(release_key);
  for (std::uint32_t n = 0; n < 3; ++n) scheduler.defer(held, entry(n), start + std::chrono::hours{n + 1}, WallTime::max(), 0);
  take_down(scheduler, start);  // whatever else is down
  scheduler.feed(start + std::chrono::hours{1} - std::chrono::microseconds{1});
  CHECK(scheduler.take_released().empty());
  CHECK(scheduler.next_time() == start + std::chrono::hours{1});
  scheduler.feed(start + std::chrono::hours{2});
  CHECK(scheduler.take_released() == std::vector{entry(0), entry(1)});
  CHECK(scheduler.take_released().empty());
  CHECK(scheduler.claimed(entry(0)));
  CHECK(!scheduler.claimed(entry(2)));
  CHECK(scheduler.owns(held, entry(2)));
  CHECK(is_owned_once(scheduler));
  CHECK(!scheduler.next());
  CHECK(scheduler.waiting(Lane::Retry) == 0);
}

TEST_CASE("held mail goes when the operator says so, and stays while everything is held") {
  auto scheduler = made();
  const std::string held(release_key);
  scheduler.defer(held, entry(1), start + std::chrono::hours{9}, WallTime::max(), 0);
  scheduler.due_now(held, entry(1), start);
  scheduler.feed(start);
  CHECK(scheduler.take_released() == std::vector{entry(1)});
  scheduler.defer(held, entry(1), start + std::chrono::hours{1}, WallTime::max(), 0);
  scheduler.hold(held, start, start + std::chrono::hours{5}, "all");
  scheduler.feed(start + std::chrono::hours{2});
  CHECK(scheduler.take_released().empty());
  scheduler.release_hold(held, start + std::chrono::hours{3});
  scheduler.feed(start + std::chrono::hours{3});
  CHECK(scheduler.take_released() == std::vector{entry(1)});
  CHECK(is_owned_once(scheduler));
}

TEST_CASE("the end of a hold of everything lets nobody go before the time that was asked for") {
  auto scheduler = made();
  const std::string held(release_key);
  scheduler.defer(held, entry(1), start + std::chrono::hours{1}, WallTime::max(), 0);
  scheduler.defer(held, entry(2), start + std::chrono::hours{9}, WallTime::max(), 0);
  scheduler.hold(held, start, start + std::chrono::hours{5}, "all");
  scheduler.release_hold(held, start + std::chrono::hours{3});
  while (scheduler.feed(start + std::chrono::hours{3})) {}
  CHECK(scheduler.take_released() == std::vector{entry(1)});
  CHECK(scheduler.deferred().contains(held, entry(2)));
  scheduler.feed(start + std::chrono::hours{9});
  CHECK(scheduler.take_released() == std::vector{entry(2)});
}

TEST_CASE("a release of many comes in parts: no more than a few thousand are claimed before somebody takes them, and all come") {
  auto scheduler = made();
  const std::string held(release_key);
  constexpr std::uint32_t all = 20'000;
  for (std::uint32_t n = 0; n < all; ++n) scheduler.defer(held, entry(n), start, WallTime::max(), 0);
  std::set<DeferredEntry> gone;
  for (int round = 0; round < 100 && gone.size() < all; ++round) {
    while (scheduler.feed(start)) {}
    CHECK(scheduler.has_released());
    if (round == 3) {  // a hold between, which the taking must not open
      scheduler.hold(held, start, start + std::chrono::hours{1}, "all");
      for (const auto& one : scheduler.take_released()) gone.insert(one);
      while (scheduler.feed(start)) {}
      CHECK(!scheduler.has_released());
      scheduler.release_hold(held, start);
      while (scheduler.feed(start)) {}
    }
    const auto some = scheduler.take_released();
    CHECK(some.size() <= 2'000);
    for (const auto& one : some) CHECK(gone.insert(one).second);
  }
  CHECK(gone.size() == all);
}

TEST_CASE("a wish for a destination's mail releases all that waits, the urgent first, though it was down; not what is held") {
  auto scheduler = made();
  take_down(scheduler, start);
  for (std::uint32_t n = 0; n < 6; ++n)
    scheduler.defer(key, entry(n), start + std::chrono::hours{10}, start + std::chrono::hours{50 + n}, n == 5 ? std::int8_t{4} : std::int8_t{0});
  CHECK(tried(scheduler, start + std::chrono::minutes{1}).empty());
  scheduler.hold(key, start, start + std::chrono::hours{1}, "maintenance");
  scheduler.flush(key, start + std::chrono::minutes{1});
  CHECK(tried(scheduler, start + std::chrono::minutes{1}).empty());
  scheduler.flush("host:nobody:25", start);
  auto other = made();
  take_down(other, start);
  for (std::uint32_t n = 0; n < 6; ++n)
    other.defer(key, entry(n), start + std::chrono::hours{10}, start + std::chrono::hours{50 + n}, n == 5 ? std::int8_t{4} : std::int8_t{0});
  other.flush(key, start + std::chrono::minutes{1});
  CHECK(tried(other, start + std::chrono::minutes{1}) == std::vector<std::uint64_t>{5, 0, 1, 2, 3, 4});
  CHECK(is_owned_once(other));
}

TEST_CASE("a wish uses up no attempt of what is limited by their count, though the destination's answer releases it") {
  auto scheduler = made();
  const auto later = start + std::chrono::hours{10};
  scheduler.defer(key, entry(1), later, WallTime::max(), 4);  // its refusals are counted
  scheduler.defer(key, entry(2), later, start + std::chrono::hours{50}, 0);
  scheduler.defer(key, entry(3), later, WallTime::max(), 0);
  for (int n = 0; n < 3; ++n) {
    scheduler.flush(key, start + std::chrono::minutes{n});
    CHECK(tried(scheduler, start + std::chrono::minutes{n}) == (n == 0 ? std::vector<std::uint64_t>{2} : std::vector<std::uint64_t>{}));
  }
  CHECK(scheduler.deferred().waiting_for(key) == 2);
  take_down(scheduler, start + std::chrono::minutes{5});
  scheduler.session_opened(key, start + std::chrono::minutes{6});
  CHECK(tried(scheduler, start + std::chrono::minutes{6}) == std::vector<std::uint64_t>{1, 3});
  CHECK(is_owned_once(scheduler));
}
