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
Command domain_add_command();
Command domain_list_command();
Command domain_remove_command();
Command domain_import_command();
Command domain_export_command();
Command account_add_command();
Command account_list_command();
Command account_set_command();
Command account_password_command();
Command account_remove_command();
Command account_import_command();
Command account_export_command();
Command alias_add_command();
Command alias_list_command();
Command alias_remove_command();
Command alias_import_command();
Command alias_export_command();
Command route_add_command();
Command route_list_command();
Command route_remove_command();
Command route_explain_command();
Command route_edit_command();
Command route_gateway_command();
Command route_forward_all_command();
Command route_secret_command();
Command route_import_command();
Command route_export_command();
Command hold_add_command();
Command hold_list_command();
Command hold_show_command();
Command hold_change_command();
Command hold_release_command();
Command hold_remove_command();
Command queue_list_command();
Command queue_show_command();
Command queue_count_command();
Command queue_retry_command();
Command queue_hold_command();
Command queue_release_command();
Command queue_bounce_command();
Command queue_delete_command();
Command queue_redirect_command();
Command queue_shape_command();
Command queue_history_command();
Command metrics_command();
Command queue_destinations_command();
Command tls_counts_command();
Command retry_explain_command();
Command spool_import_command();
Command spool_export_command();
Command trace_command();
Command why_command();
Command log_command();
Command log_residence_command();
Command log_days_command();
Command completion_command();

}  // namespace hikyaku::cli
