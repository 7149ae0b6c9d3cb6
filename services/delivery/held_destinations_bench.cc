// What a second costs the loop of deliver while holds run: the keys of all destinations gathered and matched, as it was, and
// HeldDestinations told that nothing changed, that one destination appeared, and that a hold began.
//   held_destinations_bench [DESTINATIONS] [HOLDS]
#include <time.h>

#include <cstdio>
#include <cstdlib>

#include "services/delivery/held_destinations.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr WallTime noon{1'700'000'000s};

double cpu_ms() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

template <class Work>
void tell(const char* what, int times, const Work& work) {
  const double begun = cpu_ms();
  for (int n = 0; n < times; ++n) work(n);
  std::printf("%-42s %10.4f ms of CPU\n", what, (cpu_ms() - begun) / times);
}

}  // namespace

int main(int argc, char** argv) {
  const int many = argc > 1 ? std::atoi(argv[1]) : 100'000, holding = argc > 2 ? std::atoi(argv[2]) : 10;
  std::vector<directory::Hold> holds;
  for (int id = 1; id <= holding; ++id) {
    directory::Hold hold;
    hold.id = static_cast<std::uint64_t>(id), hold.pattern = "d" + std::to_string(id) + ".example", hold.start = noon;
    holds.push_back(hold);
  }
  std::vector<std::string> keys;
  for (int n = 0; n < many; ++n) keys.push_back("mx:mx1.d" + std::to_string(n) + ".example,mx2.d" + std::to_string(n) + ".example");
  HeldDestinations held;
  (void)held.follow(holds, noon);
  std::size_t found = 0;
  tell("every destination matched (each second)", 5, [&](int) {
    const auto copies = keys;
    for (const auto& key : copies)
      for (const auto& hold : holds) found += directory::selects_all_of(hold, key) ? 1 : 0;
  });
  tell("a hold begins: every destination once", 1, [&](int) {
    for (const auto& key : keys) found += held.meet(key) != nullptr ? 1 : 0;
  });
  tell("nothing changed", 1'000, [&](int n) { found += held.follow(holds, noon + std::chrono::seconds{n}).held.size(); });
  tell("a destination appears", 1'000, [&](int n) { found += held.meet("mx:new" + std::to_string(n) + ".example") != nullptr ? 1 : 0; });
  holds.pop_back();
  tell("a hold ends", 1, [&](int) { found += held.follow(holds, noon + 2h).released.size(); });
  std::printf("%zu\n", found);
}
