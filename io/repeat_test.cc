#include "io/repeat.h"

#include <doctest/doctest.h>

#include <atomic>

#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

Task<Duration> count_to(Loop& loop, int& times, int last, Duration pause) {
  if (++times == last) loop.stop();
  co_return pause;
}

Task<void> stop_when_looked(Loop& loop, const std::atomic<int>& looks) {
  while (looks == 0) co_await loop.yield();
  loop.stop();
}

}  // namespace

TEST_CASE("what is repeated goes on until the loop stops, and sleeps through no stop") {
  Loop loop;
  int times = 0;
  loop.spawn(repeat(loop, [&] { return count_to(loop, times, 3, times < 3 ? Duration{} : Duration(24h)); }));
  loop.run();
  CHECK(times == 3);
}

TEST_CASE("what blocks is repeated on a worker; a stop ends its pause") {
  Loop loop;
  Workers workers(1, 4);
  std::atomic<int> looks = 0;
  std::thread::id worked_on;
  loop.spawn(repeat_on_workers(loop, workers, 24h, [&] { worked_on = std::this_thread::get_id(), ++looks; }));
  loop.spawn(stop_when_looked(loop, looks));
  loop.run();
  CHECK(looks == 1);
  CHECK(worked_on != std::this_thread::get_id());
  Loop again;
  looks = 0;
  again.spawn(repeat_on_workers(again, workers, Duration{}, [&] {
    if (++looks == 3) again.stop();
  }));
  again.run();
  CHECK(looks >= 3);
}

TEST_CASE("nothing is begun on a loop that stops") {
  Loop loop;
  loop.stop();
  int times = 0;
  loop.spawn(repeat(loop, [&] { return count_to(loop, times, 9, Duration{}); }));
  loop.run();
  CHECK(times == 0);
}
