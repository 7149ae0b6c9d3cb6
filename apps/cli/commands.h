// Every command, one file each: the function gives its declaration. table.cc puts them in order.
#pragma once

#include "apps/cli/command.h"

namespace hikyaku::cli {

Command serve_command();
Command status_command();
Command service_list_command();
Command service_start_command();
Command service_stop_command();
Command service_restart_command();
Command config_check_command();
Command config_describe_command();
Command config_reload_command();
Command log_command();
Command log_residence_command();
Command log_days_command();
Command completion_command();

}  // namespace hikyaku::cli
