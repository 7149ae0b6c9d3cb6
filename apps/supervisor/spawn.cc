#include "apps/supervisor/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace hikyaku::apps {

namespace {

// Of the environment only what changes the time zone, the language or a sanitizer's words.
std::vector<std::string> small_environment() {
  std::vector<std::string> kept = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto name = text.substr(0, text.find('='));
    if (name == "TZ" || name == "LANG" || name.starts_with("LC_") || name.starts_with("HIKYAKU_") || name.ends_with("SAN_OPTIONS"))
      kept.emplace_back(text);
  }
  return kept;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Between fork and exec of a process with one thread.
[[noreturn]] void become_the_process(int binary, int control, const Identity& identity, char* const* arguments, char* const* environment) {
  setsid();  // a terminal's Ctrl-C is the supervisor's to answer
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  if (null > 0) dup2(null, STDIN_FILENO);
  // The binary may stand at number 3: move it away first.
  const int program = fcntl(binary, F_DUPFD_CLOEXEC, control_descriptor + 1);
  if (control == control_descriptor) fcntl(control, F_SETFD, 0);
  else dup2(control, control_descriptor);
  if (!become(identity)) {
    (void)!write(STDERR_FILENO, "hikyaku: privileges could not be given up\n", 42);
    _exit(126);
  }
  syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
  const char* reason = std::strerror(errno);
  (void)!write(STDERR_FILENO, "hikyaku: the program could not be executed: ", 44);
  (void)!write(STDERR_FILENO, reason, std::strlen(reason));
  (void)!write(STDERR_FILENO, "\n", 1);
  _exit(127);
}

}  // namespace

Result<Spawned, std::string> spawn(const std::string& binary, const std::vector<std::string>& arguments, const Identity& identity) {
  const io::Descriptor program(open(binary.c_str(), O_PATH | O_CLOEXEC));
  if (!program) return failure(binary + ": " + std::strerror(errno));
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return failure(std::string("socketpair: ") + std::strerror(errno));
  io::Descriptor ours(pair[0]), theirs(pair[1]);
  auto argument_texts = arguments;
  argument_texts.insert(argument_texts.begin(), "hikyaku");
  auto environment_texts = small_environment();
  const auto argument_pointers = pointers(argument_texts), environment_pointers = pointers(environment_texts);
  const int pid = fork();
  if (pid < 0) return failure(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) become_the_process(program.get(), theirs.get(), identity, argument_pointers.data(), environment_pointers.data());
  return Spawned{pid, std::move(ours)};
}

}  // namespace hikyaku::apps
