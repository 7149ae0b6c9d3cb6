#include "services/virusdb/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/descriptor.h"

namespace hikyaku::virusdb {
namespace {

constexpr std::size_t most_said = 16 << 10;

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

int start(std::vector<std::string>& command, const std::string& folder, int out, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, 1);
  ::posix_spawn_file_actions_adddup2(&actions, out, 2);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  sigset_t usual;
  sigemptyset(&usual);
  ::posix_spawnattr_setsigmask(&attributes, &usual);
  sigaddset(&usual, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> environment{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=" + folder, "TMPDIR=" + folder};
  auto arguments = pointers_to(command);
  auto variables = pointers_to(environment);
  const int error = ::posix_spawn(&pid, command[0].c_str(), &actions, &attributes, arguments.data(), variables.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

// Until the end of what it says, which is its end, or of the time.
bool listen(int from, Instant end, const Clock& clock, std::string& said) {
  char octets[4'096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock.now()).count();
    if (left <= 0) return false;
    pollfd wait{from, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(std::min<long long>(left, 1'000))) <= 0) continue;
    const auto count = ::read(from, octets, sizeof octets);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    said.append(octets, static_cast<std::size_t>(count));
    if (said.size() > 2 * most_said) said.erase(0, said.size() - most_said);
  }
}

}  // namespace

Ran run_program(std::vector<std::string> command, const std::string& folder, Duration limit) {
  Ran ran;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return ran.trouble = std::string("pipe: ") + std::strerror(errno), ran;
  const io::Descriptor from(ends[0]);
  io::Descriptor to(ends[1]);
  pid_t pid = 0;
  if (const int error = start(command, folder, to.get(), pid); error != 0) return ran.trouble = command[0] + ": " + std::strerror(error), ran;
  to.reset();
  const SystemClock clock;
  const bool ended = listen(from.get(), clock.now() + limit, clock, ran.said);
  if (!ended) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (ran.said.size() > most_said) ran.said.erase(0, ran.said.size() - most_said);
  if (!ended) ran.trouble = command[0] + " took longer than " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limit).count()) + " s and was ended";
  else if (WIFEXITED(status)) ran.status = WEXITSTATUS(status);
  else ran.trouble = command[0] + " was ended by signal " + std::to_string(WTERMSIG(status));
  return ran;
}

}  // namespace hikyaku::virusdb
