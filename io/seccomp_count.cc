#include "io/seccomp_count.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <charconv>
#include <limits>
#include <string>
#include <string_view>

namespace hikyaku::io {

namespace {

constexpr std::size_t most_octets = 1 << 20;  // a user may be in 65,536 groups

Descriptor open_status(const std::string& process) { return Descriptor(open(("/proc/" + process + "/status").c_str(), O_RDONLY | O_CLOEXEC)); }

std::optional<std::string> whole(int file) {
  std::string text;
  char buffer[16'384];
  for (;;) {
    const auto count = pread(file, buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (count < 0 || text.size() > most_octets) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

// proc(5): "Seccomp" is 2 with filters; "Seccomp_filters" counts them. A name with a line feed is escaped there.
std::optional<FilterCount> count_in(int status_file) {
  const auto status = whole(status_file);
  if (!status || status->empty()) return std::nullopt;
  constexpr std::string_view counted = "\nSeccomp_filters:\t";
  const auto at = status->find(counted);
  if (at == std::string::npos) return status->find("\nSeccomp:\t2") == std::string::npos ? FilterCount{0} : FilterCount::uncounted();
  FilterCount found = FilterCount::uncounted();
  std::from_chars(status->data() + at + counted.size(), status->data() + status->size(), found.count);
  return found;
}

}  // namespace

FilterCount FilterCount::uncounted() { return {std::numeric_limits<unsigned>::max()}; }

std::optional<FilterCount> filters_of(int pid) {
  const auto file = open_status(std::to_string(pid));
  return file ? count_in(file.get()) : std::nullopt;
}

std::optional<FilterCount> filters_of_this_process() {
  const auto file = open_own_status();
  return file ? count_in(file.get()) : std::nullopt;
}

Descriptor open_own_status() { return open_status("self"); }

std::optional<FilterCount> filters_shown(int status, int pid) {
  struct statfs system {};
  if (fstatfs(status, &system) != 0 || system.f_type != PROC_SUPER_MAGIC) return std::nullopt;
  char name[64];
  const auto length = readlink(("/proc/self/fd/" + std::to_string(status)).c_str(), name, sizeof name);
  if (length < 0 || std::string_view(name, static_cast<std::size_t>(length)) != "/proc/" + std::to_string(pid) + "/status") return std::nullopt;
  return count_in(status);
}

}  // namespace hikyaku::io
