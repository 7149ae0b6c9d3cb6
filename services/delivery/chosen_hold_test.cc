#include "services/delivery/chosen_hold.h"

#include "services/delivery/queue.h"
#include "services/delivery/queue_actions.h"
#include "services/delivery/schedule/scheduler.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using std::chrono::hours;

namespace {

constexpr WallTime now{std::chrono::seconds{1'700'010'000}};
const ActionContext context{{"mx.here.example", 0, now, {}}};

directory::Hold chosen(std::uint64_t id, WallTime start, WallTime end = WallTime::max()) {
  directory::Hold hold;
  hold.id = id, hold.scope = directory::HoldScope::Chosen;
  hold.start = start, hold.end = end;
  return hold;
}

spool::Schedule under(std::uint64_t hold, std::uint32_t attempts, WallTime first_failed) {
  spool::Schedule schedule;
  schedule.destination = directory::chosen_key(hold);
  schedule.attempts = attempts, schedule.first_failed = first_failed;
  return schedule;
}

std::uint64_t act_on_all(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action, std::size_t limit = 7) {
  std::uint64_t changed = 0;
  for (std::optional<QueueCursor> from = first_of_all; from;) {
    const auto page = act_on_queue(spool, filter, action, *from, limit, context);
    REQUIRE(page);
    changed += page->changed;
    from = page->next;
  }
  return changed;
}

std::uint64_t count_all(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action) {
  std::uint64_t all = 0;
  for (std::optional<QueueCursor> from = first_of_all; from;) {
    const auto counted = count_for_action(spool, filter, action, *from, now);
    REQUIRE(counted);
    all += counted->recipients;
    from = counted->next;
  }
  return all;
}

}  // namespace

TEST_CASE("chosen mail that leaves its hold tells when it was under it, since its first failure") {
  const std::vector holds{chosen(7, now - hours{10}, now - hours{2}), chosen(8, now - hours{5})};
  struct Row {
    spool::Schedule schedule;
    spool::TimeSpans held;
  };
  const Row rows[] = {
      {under(7, 3, now - hours{20}), {{now - hours{10}, now - hours{2}}}},
      {under(7, 3, now - hours{4}), {{now - hours{4}, now - hours{2}}}},  // it failed first while the hold ran
      {under(7, 3, now - hours{1}), {}},                                  // after it was over
      {under(7, 0, {}), {}},                                              // no period has begun
      {under(8, 1, now - hours{20}), {{now - hours{5}, now}}},            // runs still: until now
      {under(9, 1, now - hours{20}), {}},                                 // forgotten
  };
  for (const auto& row : rows) {
    auto schedule = row.schedule;
    leave_chosen_hold(schedule, holds, now);
    CHECK(schedule.held == row.held);
    CHECK(schedule.paused == Duration{});
    CHECK(schedule.destination == release_key);
    CHECK(schedule.attempts == row.schedule.attempts);
  }
  auto elsewhere = under(7, 3, now - hours{20});
  elsewhere.destination = "mx:hold.example";
  const auto before = elsewhere;
  leave_chosen_hold(elsewhere, holds, now);
  CHECK(elsewhere == before);
}

TEST_CASE("one hold after the other: times that touch are one, and very many take no more room") {
  std::vector<directory::Hold> holds{chosen(1, now - hours{900}, now - hours{890}), chosen(2, now - hours{895}, now - hours{880}), chosen(3, now - hours{870}, now - hours{860})};
  auto schedule = under(1, 1, now - hours{1'000});
  for (const std::uint64_t id : {1, 3, 2, 1}) {
    schedule.destination = directory::chosen_key(id);
    leave_chosen_hold(schedule, holds, now);
  }
  CHECK(schedule.held == spool::TimeSpans{{now - hours{900}, now - hours{880}}, {now - hours{870}, now - hours{860}}});
  for (std::uint64_t id = 4; id < 104; ++id) {
    holds.push_back(chosen(id, now - hours{4 * (110 - static_cast<int>(id))}, now - hours{4 * (110 - static_cast<int>(id)) - 1}));
    schedule.destination = directory::chosen_key(id);
    leave_chosen_hold(schedule, holds, now);
  }
  CHECK(schedule.held.size() <= 16);
  Duration all = schedule.paused;
  for (const auto& [from, until] : schedule.held) all += until - from;
  CHECK(all == hours{30 + 100});
}

TEST_CASE("a hold of chosen mail keeps what names it while it runs, and nothing else") {
  const std::vector holds{chosen(7, now - hours{1}), chosen(70, now - hours{2}, now - hours{1})};
  CHECK(chosen_hold(under(7, 1, now), holds, now) == &holds[0]);
  CHECK(chosen_hold(under(70, 1, now), holds, now) == nullptr);
  CHECK(chosen_hold(under(1, 1, now), holds, now) == nullptr);
  CHECK(directory::selects_all_of(holds[0], "hold:7"));
  for (const char* key : {"hold:70", "hold:77", "hold:", "host:7", "mx:hold:7", ""}) CHECK_MESSAGE(!directory::selects_all_of(holds[0], key), key);
  CHECK(directory::find_hold(holds, {"a.example", "hold:7", "", "", ""}, now) == &holds[0]);
  CHECK(directory::find_hold(holds, {"a.example", "mx:a.example", "", "", ""}, now) == nullptr);
}

TEST_CASE("queue: mail is held by any filter, before its first attempt and after it, and released by another") {
  spool::Rig rig;
  std::vector<TraceId> ids;
  for (int n = 0; n < 10; ++n) ids.push_back(rig.accept(2, "text"));
  auto spool = rig.open();
  for (const auto& one : *spool->fresh(1'000)) {
    auto first = spool::Rig::schedule(0), second = spool::Rig::schedule(1);
    first.last_reply = "451 4.7.1 first, later";
    second.last_reply = "connection timed out";
    REQUIRE(spool->defer(std::vector{spool::Deferral{one.ref, {first, second}, {}}}));
  }
  const auto fresh = rig.accept(1, "new");
  REQUIRE(spool->fresh(1'000));
  const QueueAction hold{QueueActionKind::Hold, "hold:3"}, release{QueueActionKind::Release, ""};
  CHECK(count_all(*spool, {}, release) == 0);
  CHECK(count_all(*spool, {.error = "timed out"}, hold) == 10);
  CHECK(act_on_all(*spool, {.error = "timed out"}, hold, 3) == 10);
  CHECK(count_all(*spool, {.error = "timed out"}, hold) == 0);
  CHECK(act_on_all(*spool, {}, {QueueActionKind::Hold, "hold:4"}, 3) == 11);  // what is left, the new one too
  for (const auto& one : spool->deferred(ids[0])) {
    CHECK(one.schedule.destination == (one.schedule.recipient == 0 ? "hold:4" : "hold:3"));
    CHECK(one.schedule.attempts == spool::Rig::schedule(0).attempts);
    CHECK(one.schedule.next_due == spool::Rig::schedule(0).next_due);
  }
  REQUIRE(spool->deferred(fresh).size() == 1);
  CHECK(spool->deferred(fresh)[0].schedule.attempts == 0);
  CHECK(act_on_all(*spool, {.id = ids[0]}, release) == 2);
  CHECK(act_on_all(*spool, {.id = ids[0]}, release) == 0);
  CHECK(spool->deferred(ids[0])[1].schedule.destination == release_key);
  CHECK(spool->deferred(ids[0])[1].schedule.next_due == now);
  CHECK(count_all(*spool, {.destination = "hold:4"}, release) == 10);
  spool.reset();
  rig.cut();
  spool = rig.open();
  REQUIRE(spool->load_deferred());
  CHECK(count_all(*spool, {}, release) == 19);
}

TEST_CASE("scheduler: what was under a hold of chosen mail comes to be planned anew, a few thousand at a time") {
  Scheduler scheduler;
  scheduler.configure({});
  constexpr std::uint32_t all = 5'000;
  const std::string key = "hold:7";
  for (std::uint32_t n = 0; n < all; ++n) scheduler.defer(key, {{1, 1, 1, n + 1}, 0}, now, WallTime::max(), 0);
  scheduler.hold(key, now, WallTime::max(), "chosen");
  while (scheduler.feed(now + hours{1})) {}
  CHECK(!scheduler.has_released());
  scheduler.release_hold(key, now + hours{2});
  std::size_t taken = 0;
  for (int round = 0; round < 100 && taken < all; ++round) {
    for (int step = 0; step < 1'000 && scheduler.feed(now + hours{2}); ++step) {}
    const auto some = scheduler.take_released();
    CHECK(some.size() < 2'000);
    for (const auto& entry : some) CHECK(scheduler.claimed(entry));
    taken += some.size();
  }
  CHECK(taken == all);
  CHECK(scheduler.waiting(Lane::Retry) == 0);
  // Due without a release: the hold ended while delivery was stopped.
  for (std::uint32_t n = 0; n < all; ++n) scheduler.defer("hold:8", {{1, 1, 1, n + 1}, 0}, now, WallTime::max(), 0);
  std::size_t due = 0;
  for (int round = 0; round < 100 && due < all; ++round) {
    for (int step = 0; step < 1'000 && scheduler.feed(now + hours{2}); ++step) {}
    const auto some = scheduler.take_released();
    CHECK(some.size() < 2'000);
    due += some.size();
  }
  CHECK(due == all);
}
