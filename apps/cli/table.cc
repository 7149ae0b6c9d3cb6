#include "apps/cli/commands.h"

namespace hikyaku::cli {

const std::vector<Group>& all_groups() {
  static const std::vector<Group> groups = {
      {"service", {"show, start and stop the services", "サービスの表示、開始、停止"}},
      {"domain", {"the domains mail is accepted for", "受け取るドメイン"}},
      {"account", {"the accounts that have mail here", "ここにメールを持つアカウント"}},
      {"alias", {"addresses that lead to others", "別名"}},
      {"route", {"where mail goes that MX records shall not decide", "MX に依らない配送経路(gateway.dat)"}},
      {"hold", {"mail kept back: maintenance windows", "メールの保留(メンテナンス時間帯)"}},
      {"queue", {"mail that waits for delivery", "配送を待つメール"}},
      {"retry", {"when failed mail is tried again", "再送の予定"}},
      {"spool", {"E-Post's queue folders, in and out", "E-Post のキューフォルダの取り込みと書き出し"}},
      {"log", {"what happened, in the order of time", "出来事を時刻順に表示する"}},
      {"config", {"check and explain the settings", "設定の検査と説明"}}};
  return groups;
}

const std::vector<Command>& all_commands() {
  static const std::vector<Command> commands = {
      serve_command(),
      status_command(),
      metrics_command(),
      service_list_command(),
      service_start_command(),
      service_stop_command(),
      service_restart_command(),
      domain_add_command(),
      domain_list_command(),
      domain_remove_command(),
      domain_import_command(),
      domain_export_command(),
      account_add_command(),
      account_list_command(),
      account_set_command(),
      account_password_command(),
      account_remove_command(),
      account_import_command(),
      account_export_command(),
      alias_add_command(),
      alias_list_command(),
      alias_remove_command(),
      alias_import_command(),
      alias_export_command(),
      route_add_command(),
      route_list_command(),
      route_remove_command(),
      route_explain_command(),
      route_edit_command(),
      route_gateway_command(),
      route_forward_all_command(),
      route_secret_command(),
      route_import_command(),
      route_export_command(),
      hold_add_command(),
      hold_list_command(),
      hold_show_command(),
      hold_change_command(),
      hold_release_command(),
      hold_remove_command(),
      queue_list_command(),
      queue_show_command(),
      queue_count_command(),
      queue_shape_command(),
      queue_history_command(),
      queue_destinations_command(),
      queue_retry_command(),
      queue_hold_command(),
      queue_release_command(),
      queue_redirect_command(),
      queue_bounce_command(),
      queue_delete_command(),
      retry_explain_command(),
      spool_import_command(),
      spool_export_command(),
      trace_command(),
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
