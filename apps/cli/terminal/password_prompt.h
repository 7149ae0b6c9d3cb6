// Passwords and consent from the person at the keyboard, or from standard input for scripts.
#pragma once

#include <string>

#include "apps/cli/command.h"
#include "services/directory/error.h"

namespace hikyaku::cli {

// With --password-stdin the first line of standard input; else asked for twice on the terminal, without echo.
[[nodiscard]] directory::DirectoryResult<std::string> wanted_password(const Invocation& call);
// Asks whether `what` shall really go. Without a terminal: no.
[[nodiscard]] bool confirmed(const Invocation& call, const std::string& what);

}  // namespace hikyaku::cli
