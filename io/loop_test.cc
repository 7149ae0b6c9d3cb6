#include "io/loop.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>
#include <thread>

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

struct Pair {
  Descriptor a, b;
  Pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    a.reset(fds[0]);
    b.reset(fds[1]);
  }
};

Task<void> wait_readable(Loop& loop, int fd, Deadline deadline, Wake& outcome) {
  outcome = co_await loop.readable(fd, deadline);
}

Task<void> sleep_and_note(Loop& loop, Duration wait, std::string name, std::string& order) {
  const Wake outcome = co_await loop.sleep_until(loop.after(wait));
  if (outcome == Wake::Ready) order += name;
}

Task<void> stop_after(Loop& loop, Duration wait) {
  co_await loop.sleep_until(loop.after(wait));
  loop.stop();
}

Task<void> send_later(Loop& loop, int fd, Duration wait) {
  co_await loop.sleep_until(loop.after(wait));
  check(::send(fd, "x", 1, 0) == 1, "a socket pair takes an octet");
}

Task<void> throw_bug_now(Loop& loop) {
  co_await loop.yield();
  throw Bug("planted");
}

}  // namespace

TEST_CASE("loop: timers fire in order of their time, equal or not in order of start") {
  Loop loop;
  std::string order;
  for (const auto& [wait, name] : {std::pair{30ms, "c"}, {10ms, "a"}, {50ms, "d"}, {20ms, "b"}})
    loop.spawn(sleep_and_note(loop, wait, name, order));
  loop.spawn(stop_after(loop, 80ms));
  loop.run();
  CHECK(order == "abcd");
  CHECK(loop.spawned() == 0);
}

TEST_CASE("loop: a thousand timers removed in any order leave the rest in order") {
  ManualClock clock;
  Loop loop({.clock = &clock});
  std::string order;
  Pair pair;
  std::vector<Wake> outcomes(500, Wake::Ready);
  for (int i = 0; i < 500; ++i) {
    loop.spawn(wait_readable(loop, pair.a.get(), clock.now() + std::chrono::milliseconds((i * 7919) % 1000 + 2000),
                             outcomes[static_cast<std::size_t>(i)]));
    loop.spawn(sleep_and_note(loop, std::chrono::milliseconds((i * 31) % 500 + 1), i % 2 ? "1" : "0", order));
  }
  loop.post([&] {
    loop.post([&] {
      loop.cancel(pair.a.get());
      clock.advance(10s);
      loop.post([&] { loop.post([&] { loop.stop(); }); });
    });
  });
  loop.run();
  CHECK(order.size() == 500);
  for (const Wake outcome : outcomes) CHECK(outcome == Wake::Cancelled);
}

TEST_CASE("loop: a wait for a descriptor ends ready, by time, and by cancel") {
  Loop loop;
  Pair ready, late, given_up;
  Wake first{}, second{}, third{};
  loop.spawn(wait_readable(loop, ready.a.get(), loop.after(5s), first));
  loop.spawn(wait_readable(loop, late.a.get(), loop.after(10ms), second));
  loop.spawn(wait_readable(loop, given_up.a.get(), Instant::max(), third));
  loop.spawn(send_later(loop, ready.b.get(), 5ms));
  loop.post([&] { loop.post([&] { loop.forget(given_up.a.get()); }); });
  loop.spawn(stop_after(loop, 50ms));
  loop.run();
  CHECK(first == Wake::Ready);
  CHECK(second == Wake::TimedOut);
  CHECK(third == Wake::Cancelled);
}

TEST_CASE("loop: two coroutines may wait for one descriptor, and a hang-up wakes readers and writers") {
  Loop loop;
  Pair pair;
  Wake one{Wake::TimedOut}, two{Wake::TimedOut};
  loop.spawn(wait_readable(loop, pair.a.get(), Instant::max(), one));
  loop.spawn(wait_readable(loop, pair.a.get(), Instant::max(), two));
  loop.post([&] { loop.post([&] { pair.b.reset(); }); });
  loop.spawn(stop_after(loop, 30ms));
  loop.run();
  CHECK(one == Wake::Ready);
  CHECK(two == Wake::Ready);
}

namespace {
Task<void> wait_hang_up_then_idle(Loop& loop, int fd, int& turns) {
  co_await loop.readable(fd, Instant::max());
  for (int i = 0; i < 20; ++i) {
    co_await loop.sleep_until(loop.after(1ms));
    ++turns;
  }
  const Wake again = co_await loop.readable(fd, loop.after(1s));
  if (again == Wake::Ready) turns += 100;
  loop.forget(fd);
  loop.stop();
}
}  // namespace

TEST_CASE("loop: a hung-up descriptor nobody waits for does not spin, and is seen again by the next wait") {
  Loop loop;
  Pair pair;
  int turns = 0;
  loop.spawn(wait_hang_up_then_idle(loop, pair.a.get(), turns));
  loop.post([&] { pair.b.reset(); });
  loop.run();
  CHECK(turns == 120);
}

TEST_CASE("loop: a number that is closed after forget and reused is armed anew") {
  Loop loop;
  Pair first;
  const int number = first.a.get();
  Wake outcome{};
  loop.spawn(wait_readable(loop, number, loop.after(5ms), outcome));
  Wake again{};
  std::unique_ptr<Pair> second;
  loop.post([&] {
    loop.post([&] {
      loop.forget(number);
      first.a.reset();
      second = std::make_unique<Pair>();
      REQUIRE(second->a.get() == number);
      loop.spawn(wait_readable(loop, number, loop.after(2s), again));
      loop.spawn(send_later(loop, second->b.get(), 5ms));
      loop.spawn(stop_after(loop, 50ms));
    });
  });
  loop.run();
  CHECK(outcome == Wake::Cancelled);
  CHECK(again == Wake::Ready);
}

TEST_CASE("loop: a regular file is always ready") {
  Loop loop;
  const Descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  Wake outcome{Wake::TimedOut};
  loop.spawn(wait_readable(loop, file.get(), Instant::max(), outcome));
  loop.spawn(stop_after(loop, 5ms));
  loop.run();
  CHECK(outcome == Wake::Ready);
}

TEST_CASE("loop: posts from other threads all arrive, in each thread's order") {
  Loop loop;
  constexpr int each = 2000;
  std::vector<int> seen[3];
  std::vector<std::jthread> threads;
  int total = 0;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        loop.post([&, t, i] {
          seen[t].push_back(i);
          if (++total == 3 * each) loop.stop();
        });
    });
  }
  loop.run();
  for (const auto& numbers : seen) {
    CHECK(numbers.size() == each);
    CHECK(std::ranges::is_sorted(numbers));
  }
}

namespace {
Task<void> note_steps(Loop& loop, std::string name, int steps, std::string& order) {
  for (; steps > 0; --steps) {
    order += name;
    co_await loop.yield();
  }
}

Task<void> ask_for_precedence(Loop& loop, Precedence& outer, Precedence& inner, Task<void> awaited) {
  outer = loop.precedence();
  co_await std::move(awaited);
  inner = loop.precedence();
}

Task<void> stop_when(Loop& loop, const std::string& order, std::size_t length) {
  while (order.size() < length) co_await loop.yield();
  loop.stop();
}
}  // namespace

TEST_CASE("loop: ordinary work waits for a bounded part of the background work that is ready, and does not starve it") {
  Loop loop;
  std::string order;
  for (int i = 0; i < 100; ++i) loop.spawn(note_steps(loop, "b", 1, order), Precedence::Background);
  for (int i = 0; i < 100; ++i) loop.post([&order] { order += 'p'; }, Precedence::Background);
  loop.spawn(note_steps(loop, "o", 5, order));
  loop.spawn(stop_when(loop, order, 205));
  loop.run();
  REQUIRE(order.size() == 205);
  CHECK(order.front() == 'o');
  std::size_t between = 0, ordinary = 0;
  for (const char one : order) {
    between = one == 'o' ? 0 : between + 1;
    ordinary += one == 'o' ? 1 : 0;
    if (ordinary < 5) CHECK(between <= static_cast<std::size_t>(Loop::background_steps));
  }
  CHECK(order.substr(0, 3).find('b') != std::string::npos);   // it has its part from the first turn on
  CHECK(order.substr(0, 18).find('p') != std::string::npos);  // of both kinds
}

TEST_CASE("loop: what background work awaits is background work, what it spawns is not") {
  Loop loop;
  Precedence before{}, after{}, spawned = Precedence::Background;
  std::string order;
  loop.spawn(ask_for_precedence(loop, before, after, sleep_and_note(loop, 1ms, "s", order)), Precedence::Background);
  loop.post([&] { loop.post([&] { spawned = loop.precedence(); }); }, Precedence::Background);
  loop.spawn(stop_when(loop, order, 1));
  loop.spawn(stop_after(loop, 20ms));
  loop.run();
  CHECK(before == Precedence::Background);
  CHECK(after == Precedence::Background);
  CHECK(spawned == Precedence::Ordinary);
}

TEST_CASE("loop: background work that was posted before the end is performed, like all else") {
  Loop loop;
  int performed = 0;
  for (int i = 0; i < 3 * Loop::background_steps; ++i) loop.post([&] { ++performed; }, Precedence::Background);
  loop.stop();
  loop.run();
  CHECK(performed == 3 * Loop::background_steps);
}

TEST_CASE(
    "loop: an escaped exception reaches the bug handler, of a coroutine or of posted work, and the loop goes on") {
  int bugs = 0;
  Loop loop({.on_bug = [&](const std::exception_ptr&) { ++bugs; }});
  loop.spawn(throw_bug_now(loop));
  loop.post([] { throw std::runtime_error("planted"); });
  loop.spawn(stop_after(loop, 10ms));
  loop.run();
  CHECK(bugs == 2);
  CHECK(loop.spawned() == 0);
}

namespace {
struct Noting {
  int& count;
  ~Noting() { ++count; }
};
Task<void> ignore_cancel(Loop& loop, int& destroyed, int& cancelled) {
  Noting noting{destroyed};
  for (;;) {
    const Wake outcome = co_await loop.sleep_until(Instant::max());
    if (outcome == Wake::Cancelled) ++cancelled;
  }
}
}  // namespace

TEST_CASE("loop: stop cancels waits; what does not end is destroyed after the drain limit, before run() returns") {
  int destroyed = 0, cancelled = 0;
  Loop loop({.drain_limit = 50ms});
  loop.spawn(ignore_cancel(loop, destroyed, cancelled));
  Wake outcome{};
  Pair pair;
  loop.spawn(wait_readable(loop, pair.a.get(), Instant::max(), outcome));
  std::jthread stopper([&] { loop.stop(); });
  loop.run();
  CHECK(outcome == Wake::Cancelled);
  CHECK(loop.spawned() == 0);
  CHECK(destroyed == 1);
  CHECK(cancelled > 1);
}

TEST_CASE("loop: a stop with nothing left to end waits for nothing") {
  // Each would cost a step of the drain (50 ms) if the last turn polled once more.
  const auto begun = std::chrono::steady_clock::now();
  for (int round = 0; round < 200; ++round) {
    Loop loop;
    loop.spawn(stop_after(loop, 0ms));
    loop.run();
  }
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("loop: destroyed before it ran, it destroys what was spawned and posted") {
  int destroyed = 0, cancelled = 0;
  {
    Loop loop;
    loop.spawn(ignore_cancel(loop, destroyed, cancelled));
    loop.post([held = std::make_unique<Noting>(destroyed)] {});
  }
  CHECK(destroyed == 1);  // the posted object; the coroutine's body never began
}

namespace {
Task<int> deep(Loop& loop, int depth) {
  if (depth == 0) {
    co_await loop.yield();
    co_return 0;
  }
  auto inner = deep(loop, depth - 1);
  const int below = co_await std::move(inner);
  co_return below + 1;
}
Task<void> go_deep(Loop& loop, int& result) {
  result = co_await deep(loop, 2000);
  loop.stop();
}
}  // namespace

TEST_CASE("loop: a long chain of awaits returns through every frame") {
  Loop loop;
  int result = 0;
  loop.spawn(go_deep(loop, result));
  loop.run();
  CHECK(result == 2000);
}

TEST_CASE("loop: spawning from another thread is a bug that is found") {
  Loop loop;
  bool found = false;
  loop.post([&] {
    std::jthread other([&] {
      try {
        loop.spawn(throw_bug_now(loop));
      } catch (const Bug&) {
        found = true;
      }
    });
    other.join();
    loop.stop();
  });
  loop.run();
  CHECK(found);
}
