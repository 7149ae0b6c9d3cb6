#include "services/delivery/schedule/another_clock.h"

#include "services/delivery/schedule/scheduler.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::delivery;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const WallTime now{seconds{1'700'000'000}};

spool::Schedule tried(Duration ago, Duration first_ago, Duration wait) {
  spool::Schedule one;
  const auto micro = [](Duration duration) { return std::chrono::duration_cast<std::chrono::microseconds>(duration); };
  one.attempts = 3;
  one.last_tried = now - micro(ago), one.first_failed = now - micro(first_ago), one.next_due = one.last_tried + micro(wait);
  return one;
}

}  // namespace

TEST_CASE("what the clock of now wrote stays as it is") {
  for (const Duration ago : {Duration{}, Duration(1s), Duration(hours{100})}) {
    auto one = tried(ago, ago + hours{2}, minutes{8});
    const auto before = one;
    bring_back(one, now);
    CHECK(one.last_tried == before.last_tried);
    CHECK(one.first_failed == before.first_failed);
    CHECK(one.next_due == before.next_due);
  }
}

TEST_CASE("what a clock that was ahead wrote counts from now: its wait is as long as it was, its period begins now at the latest") {
  for (const Duration ahead : {Duration(1s), Duration(hours{1}), Duration(hours{72}), Duration(hours{90'000})}) {
    auto one = tried(-ahead, hours{2} - ahead, minutes{8});
    bring_back(one, now);
    CHECK(one.last_tried == now);
    CHECK(one.next_due == now + minutes{8});
    CHECK(one.first_failed == std::min(now, now + std::chrono::duration_cast<std::chrono::microseconds>(ahead) - hours{2}));
  }
}

TEST_CASE("what was never tried is looked at soon") {
  spool::Schedule held;
  held.next_due = now + hours{72};
  bring_back(held, now);
  CHECK(held.next_due == now + minutes{1});
  held.next_due = now - hours{1};
  bring_back(held, now);
  CHECK(held.next_due == now - hours{1});
}

TEST_CASE("what its sender wants released later keeps its time over a start: nobody is read between the two") {
  const auto at = now + hours{24 * 30};
  spool::Schedule schedule;
  schedule.destination = release_key;
  schedule.next_due = at;
  bring_back(schedule, now);
  CHECK(schedule.next_due == at);
  Scheduler scheduler;
  for (std::uint32_t n = 0; n < 1'000; ++n) {
    spool::DeferredTimes times;
    times.id = TraceId{1, 1, n};
    times.next_due = at;
    bring_back(times, release_key, now);
    scheduler.defer(std::string(release_key), {times.id, 0}, times.next_due, WallTime::max(), 0);
  }
  CHECK(scheduler.next_time() == at);
  for (auto when = now; when < at; when += hours{1}) CHECK(!scheduler.feed(when));
  CHECK(scheduler.take_released().empty());
  while (scheduler.feed(at)) {}
  CHECK(scheduler.take_released().size() == 1'000);
}

TEST_CASE("a start: a long silence is a pause, a short one is none, and after a step back there is none ahead") {
  struct Row {
    const char* what;
    Pauses before;
    Duration alive_ago;
    Pauses after;
  };
  const auto at = [](int minute) { return now + minutes{minute}; };
  const Row rows[] = {
      {"at once", {}, 5s, {}},
      {"just short of a pause", {}, 20s, {}},
      {"stopped, or the clock went forward", {}, hours{1}, {{at(-60), now}}},
      {"beside an older pause", {{at(-300), at(-200)}}, hours{1}, {{at(-300), at(-200)}, {at(-60), now}}},
      {"right after an older pause", {{at(-100), at(-60)}}, hours{1}, {{at(-100), now}}},
      {"a small correction back", {{at(-9), now + 5s}}, -10s, {{at(-9), now}}},
      {"an hour back, no pause ahead", {{at(-300), at(-200)}}, -hours{1}, {{at(-300), at(-200)}}},
      {"an hour back over a pause", {{at(-300), at(-200)}, {at(10), at(30)}}, -hours{1}, {{at(-300), at(-200)}}},
      {"an hour back into a pause", {{at(-10), at(30)}}, -hours{1}, {{at(-10), now}}},
      {"three days back over several", {{at(-10), at(-5)}, {at(10), at(30)}, {at(40), at(50)}}, -hours{72}, {{at(-10), at(-5)}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    auto pauses = row.before;
    begin_life(pauses, now - std::chrono::duration_cast<std::chrono::microseconds>(row.alive_ago), now);
    CHECK(pauses == row.after);
  }
}
