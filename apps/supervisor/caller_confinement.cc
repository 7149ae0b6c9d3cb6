#include "apps/supervisor/caller_confinement.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "io/descriptor.h"
#include "io/seccomp_count.h"

namespace hikyaku::apps {

namespace {

#ifdef SO_PEERPIDFD
constexpr int peer_process = SO_PEERPIDFD;
#else
constexpr int peer_process = 77;  // Linux 6.5; newer than many a libc
#endif

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

}  // namespace

// An operator who is bound by more filters than the server asks as root, who is heard unseen.
bool is_confined(int connection, int pid) {
  const auto process = process_at(connection, pid);
  if (!process) return true;
  const auto ours = io::filters_of_this_process(), theirs = io::filters_of(pid);
  if (!ours || !theirs || has_ended(process.get())) return true;
  return *theirs > *ours || *theirs == io::FilterCount::uncounted();
}

}  // namespace hikyaku::apps
