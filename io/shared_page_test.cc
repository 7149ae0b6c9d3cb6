#include "io/shared_page.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "io/doorbell.h"
#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::io;

TEST_CASE("shared page: two mappings of one file see each other's counters") {
  TestFolder folder;
  auto one = *SharedPage::open(folder / "page", 100);
  auto two = *SharedPage::open(folder / "page", 100);
  one->raise(7);
  one->raise(7);
  CHECK(two->read(7) == 2);
  two->raise_to(7, 10);
  two->raise_to(7, 5);
  CHECK(one->read(7) == 10);
  CHECK(one->read(8) == 0);
  CHECK(one->read_pair(20).has_value());
  one->publish_pair(20, 3, 4);
  CHECK(two->read_pair(20) == std::pair<std::uint64_t, std::uint64_t>{3, 4});
  CHECK_THROWS_AS((void)one->read(100), Bug);
  CHECK(one->slot_of("a@here.example") == two->slot_of("a@here.example"));
}

TEST_CASE("shared page: another file or another size is refused") {
  TestFolder folder;
  std::ofstream(folder / "text") << std::string(64 + 800, 'x');
  CHECK(SharedPage::open(folder / "text", 100).error().kind == DiskFailure::Broken);
  {
    auto page = *SharedPage::open(folder / "page", 100);
  }
  CHECK(SharedPage::open(folder / "page", 101).error().kind == DiskFailure::Broken);
  CHECK(SharedPage::open(folder / "missing/page", 1).error().kind == DiskFailure::NotFound);
  CHECK(SharedPage::open(folder.path(), 1).error().kind == DiskFailure::Broken);
}

TEST_CASE("shared page: a pair torn by a dead writer is not given out, and the next writer heals it") {
  TestFolder folder;
  auto page = *SharedPage::open(folder / "page", 3);
  page->publish_pair(0, 1, 2);
  page->raise(0);  // what a writer killed in the middle leaves: an odd sequence
  CHECK(!page->read_pair(0));
  page->publish_pair(0, 5, 6);
  CHECK(page->read_pair(0) == std::pair<std::uint64_t, std::uint64_t>{5, 6});
}

TEST_CASE("shared page: a reader never sees halves of two pairs") {
  TestFolder folder;
  auto page = *SharedPage::open(folder / "page", 3);
  std::atomic<bool> stop = false;
  std::jthread writer([&] {
    for (std::uint64_t i = 1; !stop; ++i) page->publish_pair(0, i, ~i);
  });
  page->publish_pair(0, 0, ~0ULL);
  int torn = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto pair = page->read_pair(0);
    if (pair && pair->first != ~pair->second) ++torn;
  }
  stop = true;
  CHECK(torn == 0);
}

TEST_CASE("shared page: another process wakes a sleeper") {
  TestFolder folder;
  auto page = *SharedPage::open(folder / "page", 10);
  const auto seen = page->generation();
  const pid_t child = ::fork();
  if (child == 0) {
    auto own = SharedPage::open(folder / "page", 10);
    ::usleep(30'000);
    (*own)->raise(3);
    ::_exit(0);
  }
  const auto start = std::chrono::steady_clock::now();
  CHECK(page->wait_changed(seen, 10s) != seen);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(page->read(3) == 1);
  CHECK(page->wait_changed(page->generation(), 5ms) == page->generation());
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("slot watcher: changes are told on the loop, to those who watch that slot, until they end") {
  TestFolder folder;
  auto page = *SharedPage::open(folder / "page", 10);
  Loop loop;
  int first = 0, second = 0, other = 0;
  {
    SlotWatcher watcher(loop, *page);
    SlotWatcher::Watch watch_other(watcher, 2, [&] { ++other; });
    auto watch_second = std::make_unique<SlotWatcher::Watch>(watcher, 1, [&] { ++second; });
    int once = 0;
    std::unique_ptr<SlotWatcher::Watch> watch_once;
    watch_once = std::make_unique<SlotWatcher::Watch>(watcher, 1, [&] { watch_once.reset(), ++once; });
    // Ends the other watch from within its own call.
    SlotWatcher::Watch watch_first(watcher, 1, [&] { ++first, watch_second.reset(); });
    run_to_end(loop, [](Loop& on, SharedPage& of, int& seen) -> Task<void> {
      for (int round = 1; round <= 50; ++round) {
        of.raise(1);
        for (int i = 0; i < 1000 && seen < round; ++i) co_await on.sleep_until(on.after(1ms));
        REQUIRE(seen >= round);
      }
    }(loop, *page, first));
  }
  CHECK(first == 50);
  CHECK(second == 1);
  CHECK(other == 0);
}

namespace {
// Rings of another process come only after `heard_first` was written to.
Task<void> hear_all(Loop& loop, Doorbell& bell, int heard_first, int& heard) {
  for (;;) {
    auto hearing = bell.heard(loop, loop.after(heard < 2 ? 10s : 50ms));
    const Wake outcome = co_await std::move(hearing);
    if (outcome != Wake::Ready) co_return;
    if (++heard == 1) REQUIRE(::write(heard_first, "1", 1) == 1);
  }
}
}  // namespace

TEST_CASE("doorbell: rings before and during a wait are heard, many at once as one, across fork") {
  Loop loop;
  auto bell = Doorbell::make();
  bell.ring();
  bell.ring();
  int first[2];
  REQUIRE(::pipe(first) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char octet;
    if (::read(first[0], &octet, 1) == 1) bell.ring();
    ::_exit(0);
  }
  int heard = 0;
  run_to_end(loop, hear_all(loop, bell, first[1], heard));
  CHECK(heard == 2);
  ::waitpid(child, nullptr, 0);
  ::close(first[0]), ::close(first[1]);
}
