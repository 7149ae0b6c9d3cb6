#include "io/confinement.h"

#include <cap-ng.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "io/landlock.h"
#include "io/seccomp_filter.h"
#include "io/system_error.h"

namespace hikyaku::io {

namespace {

std::unexpected<ConfinementError> failed(const char* step, int error = errno) {
  return failure(ConfinementError{"confinement: " + describe_errno(step, {}, error)});
}

Result<void, ConfinementError> set_limit(int resource, const char* name, std::uint64_t value) {
  const rlimit limit{.rlim_cur = value, .rlim_max = value};
  if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0) return {};
  return failed(name);
}

Result<void, ConfinementError> become(std::optional<std::uint32_t> uid, std::optional<std::uint32_t> gid) {
  if (gid || uid) {
    if (::geteuid() == 0 && ::setgroups(0, nullptr) != 0) return failed("setgroups");
  }
  if (gid && ::setresgid(*gid, *gid, *gid) != 0) return failed("setresgid");
  if (uid && ::setresuid(*uid, *uid, *uid) != 0) return failed("setresuid");
  return {};
}

// Bounding set too, so that not even a program with file capabilities could bring one back.
Result<void, ConfinementError> drop_capabilities() {
  capng_clear(CAPNG_SELECT_BOTH);
  const bool may_drop_bounds =
      ::prctl(PR_CAPBSET_READ, 0) == 1 && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1;
  if (capng_apply(may_drop_bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0) return failed("capset", EPERM);
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    return failed("prctl(PR_CAP_AMBIENT)");
  return {};
}

// Landlock and capabilities bind the calling thread and those it starts; another one would stay free.
Result<void, ConfinementError> only_thread() {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return {};  // it has a thread of its own
#endif
#endif
  std::size_t threads = 0;
  std::error_code problem;
  for (std::filesystem::directory_iterator at("/proc/self/task", problem), end; !problem && at != end;
       at.increment(problem))
    ++threads;
  if (threads == 1) return {};
  return failure(ConfinementError{"confinement: " + std::to_string(threads) +
                                  " threads are running; it must come before any is started"});
}

}  // namespace

Result<Confined, ConfinementError> confine(const Confinement& wanted) {
  TRY_VOID(only_thread());
  if (wanted.open_files) TRY_VOID(set_limit(RLIMIT_NOFILE, "setrlimit(RLIMIT_NOFILE)", *wanted.open_files));
  if (wanted.address_space) TRY_VOID(set_limit(RLIMIT_AS, "setrlimit(RLIMIT_AS)", *wanted.address_space));
  TRY_VOID(set_limit(RLIMIT_CORE, "setrlimit(RLIMIT_CORE)", 0));  // a core file would hold mail and keys
  TRY_VOID(become(wanted.uid, wanted.gid));
  TRY_VOID(drop_capabilities());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("prctl(PR_SET_NO_NEW_PRIVS)");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("prctl(PR_SET_DUMPABLE)");
  if (auto restricted = landlock_restrict(wanted.read, wanted.read_write, wanted.run, wanted.deposit); !restricted) {
    return failure(ConfinementError{"confinement: " + restricted.error()});
  }
  const auto confined = confinement_offered();
  if (confined.seccomp == Confined::Seccomp::Missing) return confined;
  if (auto filtered = load_seccomp_filter(wanted.network, wanted.run.empty() ? Programs::None : Programs::Some); !filtered) {
    return failure(ConfinementError{"confinement: " + filtered.error()});
  }
  return confined;
}

Confined confinement_offered() {
  return {.landlock_abi = landlock_abi(),
          .seccomp = seccomp_filters_exist() ? Confined::Seccomp::InForce : Confined::Seccomp::Missing};
}

std::vector<std::string> system_files_to_read() {
  return {"/etc/hosts",
          "/etc/resolv.conf",
          "/etc/nsswitch.conf",
          "/etc/localtime",
          "/etc/ssl",
          "/etc/ld.so.cache",
          "/usr/share/zoneinfo",
          "/usr/share/ca-certificates",
          "/usr/local/share/ca-certificates",
          "/usr/share/publicsuffix",
          "/usr/lib",
          "/lib",
          "/lib64",
          "/dev/urandom",
          "/dev/null",
          "/proc/self",
          "/proc/meminfo",
          "/proc/sys/kernel/random",
          "/sys/devices/system/cpu"};
}

}  // namespace hikyaku::io
