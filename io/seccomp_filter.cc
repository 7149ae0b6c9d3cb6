#include "io/seccomp_filter.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>

#include "io/system_error.h"

namespace hikyaku::io {

namespace {

// Names, since the running kernel and libseccomp may know fewer calls than each other: an unknown one is skipped.
constexpr std::array denied = {
    // other programs and other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    // the tree of files, name spaces and roots
    "mount", "umount2", "umount", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at", "name_to_handle_at", "mknod", "mknodat",
    "quotactl", "quotactl_fd", "fanotify_init", "swapon", "swapoff",
    // the kernel and its machinery
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl",
    "add_key", "request_key", "init_module", "finit_module", "delete_module", "create_module", "kexec_load",
    "kexec_file_load", "reboot", "syslog", "acct", "lookup_dcookie", "vhangup", "iopl", "ioperm", "modify_ldt",
    "uselib", "personality", "nfsservctl",
    // the machine's time and names, other users
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex", "stime",
    "sethostname", "setdomainname", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups",
    "setfsuid", "setfsgid", "capset",
    // where memory lies
    "move_pages", "migrate_pages", "mbind", "set_mempolicy"};

constexpr std::array starts_programs = {"execve", "execveat", "fork", "vfork"};

constexpr std::uint32_t all_bits = 0xffff'ffff;
constexpr std::array<int, 1> internet_free = {AF_UNIX};
constexpr std::array<int, 3> internet = {AF_UNIX, AF_INET, AF_INET6};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

// Adds "answer `error` to `call` when its argument, masked, is `value`". The kernel reads such arguments as 32 bits and
// ignores the rest of the register, so the comparison must as well.
int deny_argument(scmp_filter_ctx filter, int call, unsigned argument, std::uint32_t mask, std::uint32_t value,
                  int error) {
  const scmp_arg_cmp condition{.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
  return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call, 1, &condition);
}

// socket() of any family but those given.
int deny_other_families(scmp_filter_ctx filter, std::span<const int> allowed) {
  constexpr std::uint32_t families = 64;  // the kernel's AF_MAX is below
  int worst = 0;
  for (std::uint32_t family = 0; family < families; ++family) {
    if (std::ranges::find(allowed, static_cast<int>(family)) != allowed.end()) continue;
    worst = std::min(worst, deny_argument(filter, SCMP_SYS(socket), 0, all_bits, family, EAFNOSUPPORT));
  }
  for (std::uint32_t bit = families; bit != 0; bit <<= 1) {
    worst = std::min(worst, deny_argument(filter, SCMP_SYS(socket), 0, bit, bit, EAFNOSUPPORT));
  }
  return worst;
}

// clone() into new name spaces; clone3() hides its flags from filters, and libc falls back to clone() on ENOSYS.
int deny_name_spaces(scmp_filter_ctx filter) {
  int worst = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  for (const std::uint32_t flag :
       {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
    worst = std::min(worst, deny_argument(filter, SCMP_SYS(clone), 0, flag, flag, EPERM));
  }
  return worst;
}

int deny_by_name(scmp_filter_ctx filter, std::span<const char* const> names) {
  int worst = 0;
  for (const char* name : names) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;
    const int added = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
    if (added != -EDOM) worst = std::min(worst, added);  // EDOM: a call this architecture does not have
  }
  return worst;
}

// Whoever starts no program makes no process either: a child would be one of ours that nobody knows by its number. Threads are made.
int deny_programs(scmp_filter_ctx filter) {
  return std::min(deny_by_name(filter, starts_programs), deny_argument(filter, SCMP_SYS(clone), 0, CLONE_THREAD, 0, EPERM));
}

std::unexpected<std::string> failed(const char* step, int error) { return failure(describe_errno(step, {}, -error)); }

}  // namespace

// A kernel that knows filters looks for the one we did not give.
bool seccomp_filters_exist() {
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, nullptr) != 0 && errno == EFAULT;
}

Result<void, std::string> load_seccomp_filter(Network network, Programs programs) {
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return failure(std::string("seccomp_init failed"));
  // A call made for another architecture would slip past the names: libseccomp kills it unless told otherwise.
  constexpr std::uint32_t type_into_terminal = 0x5412;  // TIOCSTI: types into the terminal we were started from
  const int worst = std::min(
      {deny_by_name(filter.get(), denied), programs == Programs::Some ? 0 : deny_programs(filter.get()), deny_name_spaces(filter.get()),
       deny_argument(filter.get(), SCMP_SYS(ioctl), 1, all_bits, type_into_terminal, EPERM),
       deny_other_families(filter.get(), network == Network::Any ? std::span<const int>(internet) : internet_free)});
  if (worst != 0) return failed("seccomp_rule_add", worst);
  // Threads that are there already (a sanitizer's) are bound as well.
  if (const int set = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1); set != 0)
    return failed("seccomp_attr_set", set);
  if (const int loaded = seccomp_load(filter.get()); loaded != 0) return failed("seccomp_load", loaded);
  return {};
}

}  // namespace hikyaku::io
