#include "io/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "io/system_error.h"

namespace hikyaku::io {

SignalWatch::SignalWatch(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor_) throw std::runtime_error(describe_errno("signalfd", {}, errno));
}

Task<int> SignalWatch::next(Loop& loop, Deadline deadline) {
  for (;;) {
    signalfd_siginfo info{};
    if (::read(descriptor_.get(), &info, sizeof info) == sizeof info) co_return static_cast<int>(info.ssi_signo);
    const Wake outcome = co_await loop.readable(descriptor_.get(), deadline);
    if (outcome == Wake::Ready) continue;
    loop.forget(descriptor_.get());
    co_return 0;
  }
}

void unblock_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
}

Task<void> stop_on_signal(Loop& loop, SignalWatch& watch) {
  for (;;) {
    auto waiting = watch.next(loop, Instant::max());
    const int signal = co_await std::move(waiting);
    if (signal == SIGTERM || signal == SIGINT) loop.stop();
    if (signal == 0 || loop.stopping()) co_return;
  }
}

}  // namespace hikyaku::io
