#include "apps/cli/commands.h"

namespace hikyaku::cli {

const std::vector<Group>& all_groups() {
  static const std::vector<Group> groups = {
      {"service", {"show, start and stop the services", "サービスの表示、開始、停止"}},
      {"log", {"what happened, in the order of time", "出来事を時刻順に表示する"}},
      {"config", {"check and explain the settings", "設定の検査と説明"}}};
  return groups;
}

const std::vector<Command>& all_commands() {
  static const std::vector<Command> commands = {
      serve_command(),
      status_command(),
      service_list_command(),
      service_start_command(),
      service_stop_command(),
      service_restart_command(),
      log_command(),
      log_residence_command(),
      log_days_command(),
      config_check_command(),
      config_describe_command(),
      config_reload_command(),
      completion_command()};
  return commands;
}

}  // namespace hikyaku::cli
