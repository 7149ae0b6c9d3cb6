// The commands of `hikyaku login`.
#pragma once

#include "apps/cli/command.h"

namespace hikyaku::cli {

Command login_penalties_list_command();
Command login_penalties_lift_command();

}  // namespace hikyaku::cli
