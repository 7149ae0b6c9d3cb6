#include "io/repeat.h"

namespace hikyaku::io {
namespace {

Task<Duration> step_on_worker(Loop& loop, Workers& workers, Duration pause, const std::function<void()>& step) {
  auto working = workers.run(loop, [&step] { step(); });
  const auto worked = co_await std::move(working);
  (void)worked;
  co_return pause;
}

}  // namespace

Task<void> repeat(Loop& loop, std::function<Task<Duration>()> step) {
  while (!loop.stopping()) {
    auto doing = step();
    const auto pause = co_await std::move(doing);
    const auto woken = co_await loop.sleep_until(loop.after(pause));
    if (woken == Wake::Cancelled) co_return;
  }
}

Task<void> repeat_on_workers(Loop& loop, Workers& workers, Duration pause, std::function<void()> step) {
  auto repeating = repeat(loop, [&] { return step_on_worker(loop, workers, pause, step); });
  co_await std::move(repeating);
}

}  // namespace hikyaku::io
