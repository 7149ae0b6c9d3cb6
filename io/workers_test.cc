#include "io/workers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <stdexcept>

#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

Task<void> square(Loop& loop, Workers& workers, int n, int& sum, std::thread::id& worked_on) {
  auto work = workers.run(loop, [n, &worked_on] { return worked_on = std::this_thread::get_id(), n * n; });
  const auto result = co_await std::move(work);
  REQUIRE(result);
  sum += *result;
}

Task<void> sum_of_squares(Loop& loop, Workers& workers, int& sum) {
  for (int n = 1; n <= 100; ++n) {
    std::thread::id worked_on;
    auto one = square(loop, workers, n, sum, worked_on);
    co_await std::move(one);
    CHECK(worked_on != std::this_thread::get_id());
  }
}

Task<void> work_that_throws(Loop& loop, Workers& workers, std::string& caught) {
  auto work = workers.run(loop, [] { throw std::runtime_error("planted"); });
  try {
    (void)co_await std::move(work);
  } catch (const std::runtime_error& problem) {
    caught = problem.what();
  }
}

Task<void> count_busy(Loop& loop, Workers& workers, std::latch& gate, int& done, int& busy) {
  auto work = workers.run(loop, [&gate] { gate.wait(); });
  const auto result = co_await std::move(work);
  ++(result ? done : busy);
  if (!result) CHECK(result.error().queued == 3);
  if (!result && busy == 6) gate.count_down();
  if (done + busy == 10) loop.stop();
}

Task<void> slow_work_on_own_frame(Loop& loop, Workers& workers, std::atomic<int>& state) {
  std::string kept(1000, 'x');  // the work refers to it: the frame must outlive the work
  auto work = workers.run(loop, [&] {
    state = 1;
    std::this_thread::sleep_for(50ms);
    kept.back() = 'y';
    state = 2;
  });
  (void)co_await std::move(work);
}

}  // namespace

TEST_CASE("workers: results come back to the loop, computed elsewhere") {
  Workers workers(2, 10);
  Loop loop;
  int sum = 0;
  run_to_end(loop, sum_of_squares(loop, workers, sum));
  CHECK(sum == 338'350);
}

TEST_CASE("workers: what the work throws is thrown to who waits") {
  Workers workers(1, 10);
  Loop loop;
  std::string caught;
  run_to_end(loop, work_that_throws(loop, workers, caught));
  CHECK(caught == "planted");
}

TEST_CASE("workers: a full queue is an answer, and the rest is done") {
  Workers workers(1, 3);
  Loop loop;
  std::latch gate(1);
  int done = 0, busy = 0;
  // One job is taken by the only thread (wait for that), three wait, six are refused.
  loop.spawn(count_busy(loop, workers, gate, done, busy));
  loop.post([&] {
    loop.post([&] {
      while (workers.queued() > 0) std::this_thread::yield();
      for (int i = 0; i < 9; ++i) loop.spawn(count_busy(loop, workers, gate, done, busy));
    });
  });
  loop.run();
  CHECK(done == 4);
  CHECK(busy == 6);
}

namespace {
// A pool of four: what is done while two jobs of background work stand still.
Task<void> work_behind(Loop& loop, Workers& workers, std::latch& gate, std::atomic<int>& standing, int& over) {
  auto work = workers.run(loop, [&] {
    ++standing;
    gate.wait();
    --standing;
  });
  (void)co_await std::move(work);
  CHECK(loop.precedence() == Precedence::Background);
  ++over;
}

Task<void> go_before(Loop& loop, Workers& workers, std::latch& gate, std::atomic<int>& standing, int& over) {
  while (standing < 2) co_await loop.sleep_until(loop.after(1ms));
  for (int i = 0; i < 20; ++i) {
    int seen = 0;
    auto work = workers.run(loop, [&] { seen = standing; });
    const auto done = co_await std::move(work);
    CHECK(done);
    CHECK(seen == 2);  // never more than half of the threads
  }
  CHECK(over == 0);
  gate.count_down();
  while (over < 8) co_await loop.sleep_until(loop.after(1ms));
  loop.stop();
}

Task<void> keep_it_busy(Loop& loop, Workers& workers, const int& over) {
  while (over == 0) {
    auto work = workers.run(loop, [] { std::this_thread::sleep_for(100us); });
    (void)co_await std::move(work);
  }
  loop.stop();
}
}  // namespace

TEST_CASE("workers: background work leaves half of the threads to others, and has its end all the same") {
  Workers workers(4, 100);
  Loop loop;
  std::latch gate(1);
  std::atomic<int> standing = 0;
  int over = 0;
  for (int i = 0; i < 8; ++i) loop.spawn(work_behind(loop, workers, gate, standing, over), Precedence::Background);
  loop.spawn(go_before(loop, workers, gate, standing, over));
  loop.run();
  CHECK(over == 8);
}

TEST_CASE("workers: one thread that others always keep busy does background work too") {
  Workers workers(1, 100);
  Loop loop;
  std::latch gate(0);
  std::atomic<int> standing = 0;
  int over = 0;
  for (int i = 0; i < 3; ++i) loop.spawn(keep_it_busy(loop, workers, over));
  loop.spawn(work_behind(loop, workers, gate, standing, over), Precedence::Background);
  loop.run();
  CHECK(over == 1);
}

TEST_CASE("workers: stopping the loop lets running work end") {
  Workers workers(1, 3);
  std::atomic<int> state = 0;
  Loop loop;
  loop.spawn(slow_work_on_own_frame(loop, workers, state));
  std::jthread stopper([&] {
    while (state == 0) std::this_thread::yield();
    loop.stop();
  });
  loop.run();
  CHECK(state == 2);
  CHECK(loop.spawned() == 0);
}

TEST_CASE("workers: a coroutine destroyed while its work runs waits for it; queued work of it never runs") {
  Workers workers(1, 3);
  std::atomic<int> running = 0, queued = 0;
  {
    Loop loop({.drain_limit = 1ms});
    loop.spawn(slow_work_on_own_frame(loop, workers, running));
    loop.spawn(slow_work_on_own_frame(loop, workers, queued));
    std::jthread stopper([&] {
      while (running == 0) std::this_thread::yield();
      loop.stop();
    });
    loop.run();
  }
  CHECK(running == 2);
  CHECK((queued == 0 || queued == 2));
}

namespace {
// As services are made: an object that the loop's coroutines belong to, younger than the loop.
class Part {
 public:
  Part(Loop& loop, Workers& workers, std::latch& gate, std::atomic<int>& state) : loop_(loop), workers_(workers), gate_(gate), state_(state) {}
  ~Part() { state_ = state_ == 1 ? 99 : 3; }
  Task<void> work() {
    auto work = workers_.run(loop_, [this] {
      state_ = 1;
      gate_.wait();
      state_ = 2;
    });
    (void)co_await std::move(work);
  }

 private:
  Loop& loop_;
  Workers& workers_;
  std::latch& gate_;
  std::atomic<int>& state_;
};
}  // namespace

TEST_CASE("workers: a loop gives up draining while a call is stuck, and yet nobody's object goes under the call") {
  std::latch gate(1);
  std::atomic<int> state = 0;
  std::jthread opener;
  {
    Workers workers(1, 10);
    Loop loop({.drain_limit = 20ms});
    Part part(loop, workers, gate, state);
    loop.spawn(part.work());
    opener = std::jthread([&] {
      while (state == 0) std::this_thread::sleep_for(1ms);
      loop.stop();
      std::this_thread::sleep_for(200ms);
      gate.count_down();
    });
    loop.run();
    CHECK(state == 2);
  }
  CHECK(state == 3);
}

TEST_CASE("workers: work nobody waits for is done before the pool goes") {
  std::atomic<int> done = 0;
  {
    Workers workers(2, 100);
    for (int i = 0; i < 50; ++i) CHECK(workers.start([&] { ++done; }));
  }
  CHECK(done == 50);
}
