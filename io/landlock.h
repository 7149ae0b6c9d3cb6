// Landlock by its raw system calls (Debian 12's glibc has no wrappers).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace hikyaku::io {

// 0 when the kernel has no Landlock or it is switched off.
[[nodiscard]] int landlock_abi();

// Allows this thread, and what it starts, the named paths only. Paths that do not exist are left out. The error is one
// sentence. Needs no_new_privs. Nothing happens, without error, where landlock_abi() is 0.
[[nodiscard]] Result<void, std::string> landlock_restrict(const std::vector<std::string>& read,
                                                          const std::vector<std::string>& read_write,
                                                          const std::vector<std::string>& run, const std::vector<std::string>& deposit);

}  // namespace hikyaku::io
