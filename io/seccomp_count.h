// How many seccomp filters bind a process. They are inherited and never taken off: whatever a confined service starts, and what that
// starts, is bound by one more than the supervisor. That there are any says nothing: in a container, or under systemd's
// SystemCallFilter, the supervisor and the operator beside it are bound by some too.
#pragma once

#include <compare>
#include <optional>

#include "io/descriptor.h"

namespace hikyaku::io {

// Before Linux 5.9 it is only known whether there are any: uncounted, which is more than any number and not less than itself.
struct FilterCount {
  unsigned count = 0;
  auto operator<=>(const FilterCount&) const = default;
  [[nodiscard]] static FilterCount uncounted();
};

// Nothing: it has ended, or its /proc cannot be read. Whether the number is still the same process's is the caller's care.
[[nodiscard]] std::optional<FilterCount> filters_of(int pid);
[[nodiscard]] std::optional<FilterCount> filters_of_this_process();

// For whoever is confined and can open no other process's files: what this process hands over, and what the receiver finds in it. It counts
// only as the status of the process `pid` (SO_PEERCRED); a confined process can open none but its own.
[[nodiscard]] Descriptor open_own_status();
[[nodiscard]] std::optional<FilterCount> filters_shown(int status, int pid);

}  // namespace hikyaku::io
