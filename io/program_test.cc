#include "io/program.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include "io/test_folder.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

Ran shell(const TestFolder& folder, const std::string& script, Duration limit = 10s, std::string input = {}, int stop = -1) {
  return run_program({.command = {"/bin/sh", "-c", script}, .folder = folder.path(), .limit = limit, .environment = {"PATH=/usr/bin:/bin"}, .input = std::move(input), .stop_descriptor = stop});
}

}  // namespace

TEST_CASE("program: its words, status and end") {
  const TestFolder folder;
  const auto said = shell(folder, "echo out; echo err >&2; exit 7");
  CHECK(said.status == 7);
  CHECK(said.said == "out\nerr\n");
  CHECK(shell(folder, "kill -9 $$").trouble.find("signal 9") != std::string::npos);
  CHECK(shell(folder, "sleep 60", 100ms).trouble.find("took longer") != std::string::npos);
  CHECK(shell(folder, "exec >&- 2>&-; sleep 60", 100ms).trouble.find("took longer") != std::string::npos);  // it says nothing more and goes on
  CHECK(shell(folder, "yes | head -c 1000000").said.size() <= 16 << 10);
  CHECK_FALSE(run_program({.command = {"/nowhere"}, .folder = folder.path(), .limit = 10s}).trouble.empty());
  CHECK(shell(folder, "cat", 10s, "what it is told").said == "what it is told");
  CHECK(shell(folder, "exit 0", 10s, std::string(60'000, 'x')).status == 0);  // who does not read it
  CHECK(shell(folder, "env", 10s).said.find("HOME=") == std::string::npos);
}

TEST_CASE("program: it ends at once, with all it started, when we are to stop") {
  const TestFolder folder;
  const int stop = ::eventfd(0, EFD_CLOEXEC);
  std::jthread later([&] {
    std::this_thread::sleep_for(100ms);
    const std::uint64_t one = 1;
    (void)!::write(stop, &one, sizeof one);
  });
  const SystemClock clock;
  const auto begun = clock.now();
  const auto ran = shell(folder, "sleep 300 & echo $!; wait", 300s, {}, stop);
  CHECK(ran.trouble.find("is to stop") != std::string::npos);
  CHECK(clock.now() - begun < 60s);
  const auto child = std::strtol(ran.said.c_str(), nullptr, 10);
  REQUIRE(child > 0);
  // Gone, or gone but for whoever counts the dead.
  bool gone = false;
  for (int i = 0; i < 600 && !gone; ++i, ::usleep(50'000)) gone = ::kill(static_cast<pid_t>(child), 0) != 0 || shell(folder, "grep -q '^State:.Z' /proc/" + std::to_string(child) + "/status").status == 0;
  CHECK(gone);
  later.join();
  ::close(stop);
}
