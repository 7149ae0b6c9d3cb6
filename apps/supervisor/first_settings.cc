#include "apps/supervisor/first_settings.h"

#include <sys/wait.h>
#include <unistd.h>

#include "apps/supervisor/privileges.h"
#include "apps/supervisor/read_descriptor.h"
#include "base/wire.h"
#include "io/descriptor.h"
#include "services/settings/settings.h"

namespace hikyaku::apps {

namespace {

constexpr std::size_t most_octets = 1 << 20;
constexpr uid_t nobody = 65'534;  // Debian's nobody and nogroup

// ok, then data folder and user; or not ok, then the mistakes.
std::string digest(int settings_file, const std::string& name, Wording wording) {
  WireWriter out;
  const auto text = read_whole(settings_file, most_octets);
  if (!text) return std::move(out.u8(0).text(worded(wording, name + ": the settings file cannot be read, or is larger than 1 MiB."))).bytes();
  const auto settings = settings::parse_settings(*text, name);
  if (settings) return std::move(out.u8(1).text((*settings)->node.data()).text((*settings)->serve.user())).bytes();
  std::string mistakes;
  for (const auto& error : settings.error()) mistakes += (mistakes.empty() ? "" : "\n") + worded(wording, error.text());
  return std::move(out.u8(0).text(mistakes)).bytes();
}

[[noreturn]] void answer(int settings_file, const std::string& name, Wording wording, int pipe) {
  std::string bytes;
  if (become({nobody, nobody, ""})) bytes = digest(settings_file, name, wording);
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto count = write(pipe, rest.data(), rest.size());
    if (count <= 0) _exit(1);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  _exit(0);
}

}  // namespace

Result<FirstSettings, std::string> read_first_settings(int settings_file, const std::string& name, Wording wording) {
  int ends[2];
  if (pipe(ends) != 0) return failure(std::string("pipe failed"));
  io::Descriptor reading(ends[0]), writing(ends[1]);
  const int child = fork();
  if (child < 0) return failure(std::string("fork failed"));
  if (child == 0) answer(settings_file, name, wording, writing.get());
  writing.reset();
  const std::string bytes = read_whole(reading.get(), most_octets).value_or("");
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  WireReader in(bytes);
  const bool good = in.u8() == 1;
  FirstSettings first;
  first.data_folder = in.text();
  if (!good && !in.broken()) return failure(first.data_folder);
  first.user = in.text();
  if (in.broken()) return failure(name + ": the settings could not be read.");
  while (first.data_folder.size() > 1 && first.data_folder.ends_with('/')) first.data_folder.pop_back();
  return first;
}

}  // namespace hikyaku::apps
