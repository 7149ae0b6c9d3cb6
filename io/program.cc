#include "io/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "io/descriptor.h"

namespace hikyaku::io {
namespace {

constexpr std::size_t most_said = 16 << 10, most_input = 64 << 10;

struct Pipe {
  Descriptor read, write;
};

std::optional<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

int start(ProgramCall& call, int in, int out, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, in, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, 1);
  ::posix_spawn_file_actions_adddup2(&actions, out, 2);
  ::posix_spawn_file_actions_addchdir_np(&actions, call.folder.c_str());
  sigset_t usual;
  sigemptyset(&usual);
  ::posix_spawnattr_setsigmask(&attributes, &usual);
  sigaddset(&usual, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  auto arguments = pointers_to(call.command);
  auto variables = pointers_to(call.environment);
  const int error = ::posix_spawn(&pid, call.command[0].c_str(), &actions, &attributes, arguments.data(), variables.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

enum class End : std::uint8_t { ByItself, TooLong, Stopped };

// Until the end of what it says, which is its end, of the time, or until we are to stop.
End listen(int from, int stop, Instant end, std::string& said) {
  const SystemClock clock;
  char octets[4'096];
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.now()).count();
    if (left <= 0) return End::TooLong;
    pollfd wait[2] = {{from, POLLIN, 0}, {stop, POLLIN, 0}};  // a negative descriptor is passed over
    if (::poll(wait, 2, static_cast<int>(std::min<long long>(left, 1'000))) <= 0) continue;
    if ((wait[1].revents & POLLIN) != 0) return End::Stopped;
    if (wait[0].revents == 0) continue;
    const auto count = ::read(from, octets, sizeof octets);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return End::ByItself;
    said.append(octets, static_cast<std::size_t>(count));
    if (said.size() > 2 * most_said) said.erase(0, said.size() - most_said);
  }
}

// Who has closed its output may go on all the same.
End reap(pid_t pid, int stop, Instant end, int& status) {
  const SystemClock clock;
  for (;;) {
    const auto reaped = ::waitpid(pid, &status, WNOHANG);
    if (reaped == pid || (reaped < 0 && errno != EINTR)) return End::ByItself;
    if (clock.now() >= end) return End::TooLong;
    pollfd wait{stop, POLLIN, 0};
    if (::poll(&wait, 1, 20) > 0) return End::Stopped;
  }
}

}  // namespace

Ran run_program(ProgramCall call) {
  Ran ran;
  const SystemClock clock;
  const auto end = clock.now() + call.limit;
  auto in = make_pipe(), out = make_pipe();
  if (!in || !out) return ran.trouble = std::string("pipe: ") + std::strerror(errno), ran;
  pid_t pid = 0;
  if (const int error = start(call, in->read.get(), out->write.get(), pid); error != 0) return ran.trouble = call.command[0] + ": " + std::strerror(error), ran;
  in->read.reset(), out->write.reset();
  // A pipe holds it all: it never waits.
  if (!call.input.empty()) (void)!::write(in->write.get(), call.input.data(), std::min(call.input.size(), most_input));
  in->write.reset();
  int status = 0;
  auto how = listen(out->read.get(), call.stop_descriptor, end, ran.said);
  if (how == End::ByItself) how = reap(pid, call.stop_descriptor, end, status);
  if (how != End::ByItself) {
    ::kill(-pid, SIGKILL);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (ran.said.size() > most_said) ran.said.erase(0, ran.said.size() - most_said);
  if (how == End::TooLong) ran.trouble = call.command[0] + " took longer than " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(call.limit).count()) + " s and was ended";
  else if (how == End::Stopped) ran.trouble = call.command[0] + " was ended, since this service is to stop";
  else if (WIFEXITED(status)) ran.status = WEXITSTATUS(status);
  else ran.trouble = call.command[0] + " was ended by signal " + std::to_string(WTERMSIG(status));
  return ran;
}

}  // namespace hikyaku::io
