#include "io/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "io/descriptor.h"
#include "io/system_error.h"

namespace hikyaku::io {

namespace {

// Rights of later ABIs than the build machine's header may know; the numbers are the kernel's for ever.
constexpr std::uint64_t right_refer = 1ULL << 13;     // ABI 2
constexpr std::uint64_t right_truncate = 1ULL << 14;  // ABI 3
constexpr std::uint64_t right_ioctl = 1ULL << 15;     // ABI 5: ioctl of device files

constexpr std::uint64_t rights_of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                          LANDLOCK_ACCESS_FS_READ_FILE | right_truncate | right_ioctl;
constexpr std::uint64_t rights_of_abi_1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
// Everything but running programs, device nodes and device control.
constexpr std::uint64_t not_for_data =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | right_ioctl;

std::uint64_t rights_known(int abi) {
  std::uint64_t rights = rights_of_abi_1;
  if (abi >= 2) rights |= right_refer;
  if (abi >= 3) rights |= right_truncate;
  if (abi >= 5) rights |= right_ioctl;
  return rights;
}

Result<void, std::string> allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place && errno == ENOENT) return {};
  if (!place) return failure(describe_errno("open", path, errno));
  struct stat status{};
  if (::fstat(place.get(), &status) != 0) return failure(describe_errno("fstat", path, errno));
  if (!S_ISDIR(status.st_mode)) rights &= rights_of_files;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = place.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return {};
  return failure(describe_errno("landlock_add_rule", path, errno));
}

}  // namespace

int landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Result<void, std::string> landlock_restrict(const std::vector<std::string>& read,
                                            const std::vector<std::string>& read_write,
                                            const std::vector<std::string>& run, const std::vector<std::string>& deposit) {
  const int abi = landlock_abi();
  if (abi == 0) return {};
  landlock_ruleset_attr wanted{};
  wanted.handled_access_fs = rights_known(abi);
  const Descriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &wanted, sizeof wanted.handled_access_fs, 0)));
  if (!ruleset) return failure(describe_errno("landlock_create_ruleset", {}, errno));
  for (const auto& path : read) TRY_VOID(allow(ruleset.get(), path, reading));
  for (const auto& path : read_write) TRY_VOID(allow(ruleset.get(), path, rights_known(abi) & ~not_for_data));
  for (const auto& path : deposit)
    TRY_VOID(allow(ruleset.get(), path, (reading | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | right_truncate) & rights_known(abi)));
  for (const auto& path : run) TRY_VOID(allow(ruleset.get(), path, reading | LANDLOCK_ACCESS_FS_EXECUTE));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0) return {};
  return failure(describe_errno("landlock_restrict_self", {}, errno));
}

}  // namespace hikyaku::io
