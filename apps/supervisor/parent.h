// `hikyaku serve`: the privileged parent. It binds sockets, forks, passes descriptors and reaps, on behalf of an
// unprivileged control process (control_process.h) that reads the settings and answers commands. It parses nothing but
// the messages of that process. Listening sockets live here, so they outlast every crash.
#pragma once

#include <string>

#include "apps/supervisor/wording.h"

namespace hikyaku::apps {

struct ServeOptions {
  std::string settings_path;  // absolute
  std::string binary;         // this program's path
  Wording wording = nullptr;  // of what is refused at the start
  std::string language;       // the same for the control process: its argument, empty for none
};

// Runs until SIGTERM or SIGINT and every service has ended. The exit status; what went wrong is on standard error.
int serve(const ServeOptions& options);

}  // namespace hikyaku::apps
