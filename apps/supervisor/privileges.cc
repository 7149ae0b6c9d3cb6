#include "apps/supervisor/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hikyaku::apps {

namespace {

std::string user_name(uid_t uid) {
  const passwd* entry = getpwuid(uid);
  return entry ? entry->pw_name : "";
}

bool drop_capabilities() {
  for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM) return false;
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  return syscall(SYS_capset, &header, none) == 0;
}

}  // namespace

Result<Identity, std::string> choose_identity(const std::string& user, const std::string& data_folder) {
  if (geteuid() != 0) return Identity{geteuid(), getegid(), user_name(geteuid())};
  if (!user.empty()) {
    const passwd* entry = getpwnam(user.c_str());
    if (!entry) return failure("[serve] user: there is no user \"" + user + "\". Remedy: adduser --system --group " + user);
    return Identity{entry->pw_uid, entry->pw_gid, user};
  }
  struct stat folder{};
  if (stat(data_folder.c_str(), &folder) != 0)
    return failure("the data folder " + data_folder + " cannot be used: " + std::strerror(errno) +
                   ". Remedy: make it, owned by the user the services shall run as");
  return Identity{folder.st_uid, folder.st_gid, user_name(folder.st_uid)};
}

bool become(const Identity& identity) {
  if (geteuid() == 0) {
    const int groups = identity.user.empty() ? setgroups(0, nullptr) : initgroups(identity.user.c_str(), identity.gid);
    // The bounding set can only be emptied while we may; what is left of it is void after the user changed.
    if (groups != 0 || setresgid(identity.gid, identity.gid, identity.gid) != 0) return false;
    if (identity.uid == 0) {
      if (!drop_capabilities()) return false;
    } else if (setresuid(identity.uid, identity.uid, identity.uid) != 0 || setuid(0) == 0) {
      return false;
    }
  }
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

}  // namespace hikyaku::apps
