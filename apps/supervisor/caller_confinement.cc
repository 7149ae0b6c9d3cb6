#include "apps/supervisor/caller_confinement.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "apps/supervisor/read_descriptor.h"
#include "io/descriptor.h"

namespace hikyaku::apps {

namespace {

#ifdef SO_PEERPIDFD
constexpr int peer_process = SO_PEERPIDFD;
#else
constexpr int peer_process = 77;  // Linux 6.5; newer than many a libc
#endif

constexpr unsigned uncounted = std::numeric_limits<unsigned>::max();

// The process itself, so that its number cannot become another's unseen. A kernel that does not give the one that connected gives the
// one that has its number now.
io::Descriptor process_at(int connection, int pid) {
  int process = -1;
  socklen_t length = sizeof process;
  if (getsockopt(connection, SOL_SOCKET, peer_process, &process, &length) == 0) return io::Descriptor(process);
  if (errno != ENOPROTOOPT) return {};
  return io::Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool has_ended(int process) {
  pollfd wait{process, POLLIN, 0};
  return poll(&wait, 1, 0) != 0;
}

// proc(5): "Seccomp" is 2 with filters; "Seccomp_filters" (Linux 5.9) counts them.
std::optional<unsigned> filters_of(const std::string& process) {
  const io::Descriptor file(open(("/proc/" + process + "/status").c_str(), O_RDONLY | O_CLOEXEC));
  const auto status = file ? read_whole(file.get(), 1 << 16) : std::nullopt;
  if (!status) return std::nullopt;
  constexpr std::string_view counted = "\nSeccomp_filters:\t";
  const auto at = status->find(counted);
  if (at == std::string::npos) return status->find("\nSeccomp:\t2") == std::string::npos ? 0 : uncounted;
  unsigned count = uncounted;
  std::from_chars(status->data() + at + counted.size(), status->data() + status->size(), count);
  return count;
}

}  // namespace

// Filters are inherited and never taken off: whatever a service starts, and what that starts, has one more than the supervisor. That
// there are any says nothing: in a container, or under systemd's SystemCallFilter, the supervisor and the operator beside it have
// some too. An operator under more of them than the server asks as root, who is heard unseen.
bool is_confined(int connection, int pid) {
  const auto process = process_at(connection, pid);
  if (!process) return true;
  const auto ours = filters_of("self"), theirs = filters_of(std::to_string(pid));
  if (!ours || !theirs || has_ended(process.get())) return true;
  return *theirs == uncounted || *theirs > *ours;
}

}  // namespace hikyaku::apps
