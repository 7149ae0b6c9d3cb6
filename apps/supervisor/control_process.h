// `hikyaku control-process`: the unprivileged half of the supervisor. It reads the settings, decides what runs
// (supervision.h), answers the control socket, and asks the parent for what needs rights (parent.h).
#pragma once

namespace hikyaku::apps {

// Runs on descriptor 3, the link to the parent, until the parent orders the end or disappears.
int run_control_process();

}  // namespace hikyaku::apps
