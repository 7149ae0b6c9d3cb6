// The seccomp filter of our services: a list of what no service ever needs, answered with EPERM. A list of what is
// allowed would break with every new libc; this one is meant to close the ways out, not to be tight.
#pragma once

#include <string>

#include "base/result.h"
#include "io/confinement.h"

namespace hikyaku::io {

enum class Programs : std::uint8_t {
  None,  // none can be started, and no process made
  Some,  // those that may be run by the rules for files; what they start is bound by the same filter
};

// False where the kernel has no seccomp filters.
[[nodiscard]] bool seccomp_filters_exist();

// Puts the filter in force for this thread and what it starts. The error is one sentence.
[[nodiscard]] Result<void, std::string> load_seccomp_filter(Network network, Programs programs);

}  // namespace hikyaku::io
