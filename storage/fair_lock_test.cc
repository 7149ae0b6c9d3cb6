#include "storage/fair_lock.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "io/test_folder.h"
#include "storage/shared_page.h"

using namespace hikyaku;
using namespace hikyaku::storage;
using namespace std::chrono_literals;

namespace {

struct LockedPage {
  FairLock lock;
  int value;
};
void initialize(void* data) { static_cast<LockedPage*>(data)->lock.initialize(), static_cast<LockedPage*>(data)->value = 7; }
Deadline in(Duration time) { return std::chrono::steady_clock::now() + time; }

std::shared_ptr<SharedPage> map(const io::TestFolder& folder) {
  auto page = SharedPage::map_file(folder / "page", sizeof(LockedPage), initialize);
  REQUIRE(page);
  return *page;
}
LockedPage& of(const std::shared_ptr<SharedPage>& page) { return *static_cast<LockedPage*>(page->data()); }

}  // namespace

TEST_CASE("shared page: all who map it see one memory, initialised once") {
  const io::TestFolder folder;
  const auto one = map(folder), two = map(folder);
  CHECK(of(one).value == 7);
  of(one).value = 8;
  CHECK(of(two).value == 8);
  CHECK(of(map(folder)).value == 8);
  CHECK(!SharedPage::map_file(folder / "missing/page", sizeof(LockedPage), initialize));
}

TEST_CASE("fair lock: a wait ends at its deadline and costs no CPU") {
  const io::TestFolder folder;
  const auto page = map(folder);
  REQUIRE(of(page).lock.lock(Deadline::max()) == FairLock::Taken::InOrder);
  std::thread waiter([&] {
    rusage before{}, after{};
    ::getrusage(RUSAGE_THREAD, &before);
    const auto start = std::chrono::steady_clock::now();
    CHECK(of(page).lock.lock(in(60ms)) == FairLock::Taken::TimedOut);
    CHECK(std::chrono::steady_clock::now() - start >= 60ms);
    ::getrusage(RUSAGE_THREAD, &after);
    CHECK(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec < 20'000);
    CHECK(of(page).lock.lock(in(-1s)) == FairLock::Taken::TimedOut);
  });
  waiter.join();
  of(page).lock.unlock();
  CHECK(of(page).lock.lock(in(1s)) == FairLock::Taken::InOrder);
  of(page).lock.unlock();
}

namespace {
// Whether the thread sleeps: it waits in the lock, having asked for it.
bool sleeps(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string stat;
  std::getline(file, stat);
  const auto name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat.compare(name_end + 2, 1, "S") == 0;
}
}  // namespace

TEST_CASE("fair lock: who asked first gets it first, and the holder cannot take it again before him") {
  const io::TestFolder folder;
  const auto page = map(folder);
  std::vector<int> order;
  std::vector<std::thread> threads;
  REQUIRE(of(page).lock.lock(Deadline::max()) == FairLock::Taken::InOrder);
  for (int i = 0; i < 5; ++i) {
    std::atomic<pid_t> asking{0};
    threads.emplace_back([&, i] {
      asking = ::gettid();
      const FairHold hold(of(page).lock, in(20s));
      order.push_back(i);
    });
    while (asking == 0 || !sleeps(asking)) std::this_thread::sleep_for(1ms);
  }
  of(page).lock.unlock();
  {
    const FairHold again(of(page).lock, in(20s));
    order.push_back(99);
  }
  for (auto& thread : threads) thread.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 99});
}

TEST_CASE("fair lock: a holder that dies gives it up, and the next one is told") {
  const io::TestFolder folder;
  const auto page = map(folder);
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(of(page).lock.lock(Deadline::max()));
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  CHECK(of(page).lock.lock(in(5s)) == FairLock::Taken::AfterDeath);
  of(page).lock.unlock();
  CHECK(of(page).lock.lock(in(5s)) == FairLock::Taken::InOrder);
  of(page).lock.unlock();
}
