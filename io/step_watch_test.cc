#include "io/step_watch.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

#include "io/loop.h"

using namespace hikyaku;
using namespace hikyaku::io;

TEST_CASE("step watch: a step that was interrupted a few times may have stood still; one alone, or one that others take turns with, has the limit") {
  CHECK_FALSE(too_long({.cpu = 50ms, .preemptions = 0}, 50ms));
  CHECK(too_long({.cpu = 51ms, .preemptions = 0}, 50ms));
  CHECK_FALSE(too_long({.cpu = 200ms, .preemptions = 1}, 50ms));
  CHECK(too_long({.cpu = 201ms, .preemptions = 8}, 50ms));
  CHECK(too_long({.cpu = 51ms, .preemptions = 9}, 50ms));
}

TEST_CASE("step watch: a machine that stands still is not charged to the step it stood still in; a long step is, whole") {
  CHECK(charged(3ms, 0) == 3ms);
  CHECK_FALSE(too_long({.cpu = charged(2s, 0)}, 50ms));
  CHECK_FALSE(too_long({.cpu = charged(2s, 1)}, 50ms));
  CHECK(charged(51ms, 51ms / beat_interval) == 51ms);
  CHECK_MESSAGE(charged(51ms, 51ms / beat_interval / 2) == 51ms, "a witness that is late");
}

#ifdef HIKYAKU_DEBUG
namespace {

// How a process ends whose loop has one step of so much CPU time.
int end_of_a_step_of(Duration cpu) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // doctest's would report a failure
    Loop loop({.longest_step = 20ms});
    loop.post([&] {
      timespec start{}, now{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
      do ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
      while (std::chrono::seconds(now.tv_sec - start.tv_sec) + std::chrono::nanoseconds(now.tv_nsec - start.tv_nsec) < cpu);
      loop.stop();
    });
    loop.run();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("step watch: a loop whose step is too long, interrupted or not, aborts") {
  const int status = end_of_a_step_of(200ms);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
  CHECK(WIFEXITED(end_of_a_step_of(0ms)));
}
#endif
