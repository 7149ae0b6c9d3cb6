#include "io/seccomp_count.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

bool add_a_filter() {
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program{1, &allow};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

TEST_CASE("seccomp: a filter more is counted, in the process and from outside, and what it starts has it too") {
  const auto before = filters_of_this_process();
  REQUIRE(before);
  CHECK(filters_of(::getpid()) == before);
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const int child = ::fork();
  if (child == 0) {
    if (!add_a_filter()) ::_exit(1);
    const int grandchild = ::fork();
    if (grandchild != 0) ::waitpid(grandchild, nullptr, 0), ::_exit(0);
    const int pid = ::getpid();
    (void)!::write(ends[1], &pid, sizeof pid);
    ::pause();
  }
  ::close(ends[1]);
  int grandchild = 0;
  const bool told = ::read(ends[0], &grandchild, sizeof grandchild) == sizeof grandchild;
  ::close(ends[0]);
  if (told) {
    CHECK(filters_of(grandchild) > before);
    CHECK(filters_of(child) == filters_of(grandchild));
    ::kill(grandchild, SIGKILL);
  } else {
    MESSAGE("skipped: this kernel has no seccomp filters");
  }
  ::waitpid(child, nullptr, 0);
  CHECK(!filters_of(child));
}

TEST_CASE("seccomp: what a process shows of itself counts only as its own status") {
  const auto status = open_own_status();
  REQUIRE(status);
  CHECK(filters_shown(status.get(), ::getpid()) == filters_of_this_process());
  CHECK(!filters_shown(status.get(), ::getppid()));
  CHECK(!filters_shown(-1, ::getpid()));
  const std::string lie = "Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\n";
  const Descriptor memory(::memfd_create("status", MFD_CLOEXEC));
  REQUIRE(::write(memory.get(), lie.data(), lie.size()) == static_cast<ssize_t>(lie.size()));
  CHECK(!filters_shown(memory.get(), ::getpid()));
  // Files of its own there, in which it says what it likes.
  for (const auto* file : {"/proc/self/environ", "/proc/self/comm", "/proc/self/cmdline"}) {
    const Descriptor said(::open(file, O_RDONLY | O_CLOEXEC));
    CHECK(!filters_shown(said.get(), ::getpid()));
  }
}

TEST_CASE("seccomp: where filters are not counted, one is not less than another") {
  CHECK(FilterCount{3} < FilterCount::uncounted());
  CHECK(!(FilterCount::uncounted() < FilterCount::uncounted()));
}
