// What a second of looking after costs the loop of deliver, by how many destinations are known and how many of them want
// something.
//   scheduler_bench [DESTINATIONS]
#include <time.h>

#include <cstdio>
#include <cstdlib>

#include "services/delivery/schedule/scheduler.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr WallTime noon{std::chrono::seconds{1'700'000'000}};

double cpu_ms() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

template <class Work>
void tell(const char* what, int times, const Work& work) {
  const double begun = cpu_ms();
  for (int n = 0; n < times; ++n) work(n);
  std::printf("%-52s %10.4f ms of CPU\n", what, (cpu_ms() - begun) / times);
}

}  // namespace

int main(int argc, char** argv) {
  const int many = argc > 1 ? std::atoi(argv[1]) : 50'000;
  Scheduler scheduler;
  SchedulerSettings settings;
  settings.lanes = {.slots = 1'000, .reserved_fresh = 500, .reserved_retry = 100, .per_destination = 5};
  scheduler.configure(std::move(settings));
  const auto key = [](int n) { return "mx:mx1.d" + std::to_string(n) + ".example,mx2.d" + std::to_string(n) + ".example"; };
  tell("a destination becomes known", many, [&](int n) { scheduler.session_opened(key(n), noon); });
  tell("a second in which nothing is due", 300, [&](int n) { scheduler.tend(noon + std::chrono::seconds{n}); });
  for (int n = 0; n < many; ++n) scheduler.session_closed(key(n));
  for (int n = 0; n < 100; ++n) scheduler.pause(key(n), noon + std::chrono::seconds{400});
  tell("a second in which 100 pauses end", 1, [&](int) { scheduler.tend(noon + std::chrono::seconds{400}); });
  tell("a second in which all are forgotten", 1, [&](int) { scheduler.tend(noon + std::chrono::seconds{1'300}); });
  std::printf("%zu known\n", scheduler.destinations().size());
}
