#include "apps/cli/terminal/text_editor.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace hikyaku::cli {
namespace {

// Gone when this ends.
struct PrivateFile {
  std::string path;
  int descriptor = -1;
  explicit PrivateFile(std::string_view suffix) {
    const char* folder = std::getenv("TMPDIR");
    path = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/hikyaku-XXXXXX" + std::string(suffix);
    descriptor = mkstemps(path.data(), static_cast<int>(suffix.size()));
  }
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;
  ~PrivateFile() {
    if (descriptor < 0) return;
    close(descriptor);
    unlink(path.c_str());
  }
};

std::string editor_command() {
  for (const auto* name : {"VISUAL", "EDITOR"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "vi";
}

// By the shell, since $EDITOR may hold options; the file is its first argument.
int run_editor(const std::string& command, const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    const std::string line = command + " \"$1\"";
    execl("/bin/sh", "sh", "-c", line.c_str(), "sh", path.c_str(), nullptr);
    _exit(127);
  }
  int status = -1;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child < 0 ? -1 : status;
}

}  // namespace

std::optional<std::string> edited(const Invocation& call, const std::string& text, std::string_view suffix) {
  const PrivateFile file(suffix);
  if (file.descriptor < 0 || ::write(file.descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return call.fail(file.path + ": " + std::strerror(errno)), std::nullopt;
  const auto command = editor_command();
  if (run_editor(command, file.path) != 0) {
    call.fail(Words{"The editor did not end well; nothing was changed.", "エディタが正常に終わらなかったため、何も変更していない。"});
    return std::nullopt;
  }
  // By name: many editors write another file and put it in the place of the first.
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return call.fail(file.path + ": " + std::strerror(errno)), std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

}  // namespace hikyaku::cli
