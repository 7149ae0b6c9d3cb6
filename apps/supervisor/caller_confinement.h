// Whether a process that asks over a local socket is a service's, or a service's child: they run as the user who may command.
#pragma once

namespace hikyaku::apps {

// True when the process at the other end, which SO_PEERCRED calls `pid`, is bound by more seccomp filters than this one, has ended, or
// cannot be looked at. Reads /proc twice; never waits.
[[nodiscard]] bool is_confined(int connection, int pid);

}  // namespace hikyaku::apps
