#include "apps/supervisor/ask_nobody.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>

#include "apps/supervisor/privileges.h"
#include "base/clock.h"
#include "io/descriptor.h"

namespace hikyaku::apps {

namespace {

constexpr uid_t nobody = 65'534;  // Debian's nobody and nogroup
constexpr Duration patience = 20s;  // below the service manager's and the control process's

[[noreturn]] void answer(const std::function<std::string()>& work, int pipe) {
  constexpr int ours = STDERR_FILENO + 1;
  if (pipe != ours && dup2(pipe, ours) < 0) _exit(1);
  if (close_range(ours + 1, ~0U, 0) != 0 || !become({nobody, nobody, ""})) _exit(1);
  const std::string bytes = work();
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto count = write(ours, rest.data(), rest.size());
    if (count <= 0) _exit(1);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  _exit(0);
}

std::optional<std::string> listen_to(int pipe, std::size_t most) {
  const SystemClock clock;
  const auto until = clock.now() + patience;
  std::string text;
  char buffer[16'384];
  for (;;) {
    const auto left = until - clock.now();
    if (left <= Duration{}) return std::nullopt;
    pollfd wait{pipe, POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count())) <= 0) continue;
    const auto count = read(pipe, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || text.size() + static_cast<std::size_t>(count) > most) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

}  // namespace

std::optional<std::string> ask_nobody(const std::function<std::string()>& work, std::size_t most) {
  int ends[2];
  if (pipe(ends) != 0) return std::nullopt;
  io::Descriptor reading(ends[0]), writing(ends[1]);
  const int child = fork();
  if (child < 0) return std::nullopt;
  if (child == 0) answer(work, writing.get());
  writing.reset();
  auto said = listen_to(reading.get(), most);
  if (!said) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? std::move(said) : std::nullopt;
}

}  // namespace hikyaku::apps
