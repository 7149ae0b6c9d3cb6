// The commands about content rows.
#pragma once

#include "apps/cli/command.h"

namespace hikyaku::cli {

Command policy_content_add_command();
Command policy_content_export_command();
Command policy_content_import_command();
Command policy_content_list_command();
Command policy_content_remove_command();
Command policy_content_set_command();
Command policy_content_test_command();

}  // namespace hikyaku::cli
