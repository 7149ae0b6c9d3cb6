#include "io/step_watch.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HIKYAKU_SLOWED_BY_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#define HIKYAKU_HAS_NO_WITNESS 1  // it ends a forked child that begins a thread; steps are charged whole
#endif
#endif

namespace hikyaku::io {

namespace {

#ifdef HIKYAKU_SLOWED_BY_SANITIZER
constexpr Duration default_longest_step = 500ms;
#else
constexpr Duration default_longest_step = 50ms;
#endif

#ifdef HIKYAKU_DEBUG
StepCost cost_of_thread() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return {.cpu = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec), .preemptions = usage.ru_nivcsw};
}

#ifdef HIKYAKU_HAS_NO_WITNESS
long beats() { return 0; }
Duration charged_by_witness(Duration cpu, long) { return cpu; }
#else
// How often the witness of this process has beaten; it begins with the first question, in a forked child anew.
long beats() {
  static std::atomic<long> beaten{0};
  static std::atomic<pid_t> witnessed{0};
  if (const pid_t us = ::getpid(); witnessed.exchange(us, std::memory_order_relaxed) != us)
    std::thread([] {
      for (;; beaten.fetch_add(1, std::memory_order_relaxed)) std::this_thread::sleep_for(beat_interval);
    }).detach();
  return beaten.load(std::memory_order_relaxed);
}
Duration charged_by_witness(Duration cpu, long beats_since) { return charged(cpu, beats_since); }
#endif
#endif

}  // namespace

Duration usual_longest_step() {
  const char* text = std::getenv("HIKYAKU_LONGEST_STEP_MS");
  const long milliseconds = text == nullptr ? 0 : std::strtol(text, nullptr, 10);
  return milliseconds > 0 ? std::chrono::milliseconds(milliseconds) : default_longest_step;
}

#ifdef HIKYAKU_DEBUG
StepWatch::StepWatch(Duration longest) : longest_(longest), start_(cost_of_thread()), beats_(beats()) {}

StepWatch::~StepWatch() {
  const StepCost now = cost_of_thread();
  const StepCost used{.cpu = charged_by_witness(now.cpu - start_.cpu, beats() - beats_), .preemptions = now.preemptions - start_.preemptions};
  if (!too_long(used, longest_)) return;
  std::fprintf(stderr, "a step of an event loop used %lld ms of CPU time (interrupted %ld times), the limit is %lld ms\n",
               static_cast<long long>(used.cpu / 1ms), used.preemptions, static_cast<long long>(longest_ / 1ms));
  std::abort();
}
#endif

}  // namespace hikyaku::io
