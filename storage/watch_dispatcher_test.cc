#include "storage/watch_dispatcher.h"

#include <doctest/doctest.h>

#include <atomic>

using namespace hikyaku;
using namespace hikyaku::storage;
using namespace std::chrono_literals;

namespace {

WatchPage page() {
  static int number = 0;
  return WatchPage(SharedPage::in_this_process("watch-test-" + std::to_string(number++), WatchPage::octets(), WatchPage::initialize));
}

constexpr Duration patience = 30s, at_once = 500ms;  // at once: before the dispatcher looks by itself, once a second

bool becomes(const std::atomic<int>& count, int wanted, Duration within) {
  for (const auto until = std::chrono::steady_clock::now() + within; std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(1ms))
    if (count == wanted) return true;
  return count == wanted;
}

}  // namespace

TEST_CASE("watch: a ring wakes at once, a lost ring within the second") {
  const auto shared = page();
  const auto dispatcher = std::make_shared<WatchDispatcher>(shared);
  std::atomic<int> rings{0};
  const auto watch = dispatcher->add(42, [&] { ++rings; });
  std::this_thread::sleep_for(20ms);
  bool woken = false;
  int rung = 0;
  for (std::uint64_t tries = 1; tries <= 3 && !woken; ++tries) {  // a machine that stands still says nothing of the bell
    shared.done(42, Version(tries));
    woken = becomes(rings, ++rung, at_once);
    CHECK(becomes(rings, rung, patience));
  }
  CHECK(woken);
  shared.learned(42, Version(9));  // as done(), but without the bell
  CHECK(becomes(rings, rung + 1, patience));
  dispatcher->stop();
}

TEST_CASE("watch: the page never answers an old version") {
  const auto shared = page();
  CHECK(!shared.version(42));
  shared.done(42, Version(7));
  CHECK(shared.version(42) == Version(7));
  shared.begin(42);
  CHECK(!shared.version(42));
  shared.done(42, Version(0));
  CHECK(shared.version(42) == Version(0));
  CHECK(!shared.version(42 + 65'536));
}

TEST_CASE("watch: a full neighbourhood has no version, and its watchers are still rung") {
  const auto shared = page();
  for (std::uint64_t i = 0; i < 32; ++i) shared.done(1 + i * 65'536, Version(1));
  shared.done(1 + 32 * 65'536, Version(1));
  CHECK(!shared.version(1 + 32 * 65'536));
  CHECK(shared.version(1) == Version(1));
  const auto dispatcher = std::make_shared<WatchDispatcher>(shared);
  std::atomic<int> rings{0};
  const auto watch = dispatcher->add(1 + 32 * 65'536, [&] { ++rings; });
  std::this_thread::sleep_for(20ms);
  shared.done(1 + 32 * 65'536, Version(2));
  CHECK(becomes(rings, 1, 10s));
  dispatcher->stop();
}
