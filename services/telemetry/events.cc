#include "services/telemetry/events.h"

#include "services/telemetry/abuse_events.h"
#include "services/telemetry/operator_events.h"

namespace hikyaku::telemetry {

std::string_view log_folder_name(LogName log) {
  switch (log) {
    case LogName::AcceptLog: return "acceptlog";
    case LogName::InLog: return "inlog";
    case LogName::ReceiveLog: return "receivelog";
    case LogName::SenderLog: return "senderlog";
    case LogName::OutLog: return "outlog";
    case LogName::OutLocalLog: return "outlocallog";
    case LogName::FailLog: return "faillog";
    case LogName::Pop3Log: return "pop3log";
    case LogName::Imap4Log: return "imap4log";
    case LogName::ServiceLog: return "servicelog";
  }
  return "servicelog";
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::Error: return "error";
    case Level::Warning: return "warning";
    case Level::Info: return "info";
    case Level::Debug: return "debug";
    case Level::Trace: return "trace";
  }
  return "info";
}

std::optional<Level> parse_level(std::string_view name) {
  for (const auto level : {Level::Error, Level::Warning, Level::Info, Level::Debug, Level::Trace})
    if (level_name(level) == name) return level;
  return std::nullopt;
}

std::span<const Event* const> all_events() {
  using namespace events;
  static constexpr const Event* all[] = {
      &connection_opened, &connection_refused, &connection_closed, &transaction_ok, &transaction_aborted, &mail_accepted,
      &mail_generated, &command_refused, &recipient_refused, &recipient_asked, &mail_refused, &mail_postponed, &rule_found, &mail_checked, &virus_found, &scan_failed, &filter_failed, &filter_changed, &mail_quarantined, &escrow_kept, &escrow_missed, &escrow_passed, &escrow_repeated, &escrow_changed, &list_off, &list_on, &subscription_changed, &subscription_waits, &quarantine_changed, &quarantine_full, &patterns_updated, &patterns_refused, &patterns_rolled_back, &patterns_stale, &smtp_login,
      &smtp_login_failed, &login_slowed, &login_lifted, &account_unusual, &account_suspended, &account_released, &countries_opened, &countries_refused, &flush_wanted, &receive_said, &delivery_deferred, &delivery_held, &hold_proposed, &hold_made, &hold_released, &alarm_raised, &alarm_cleared, &alarm_untold, &policy_missing, &tls_report_failed, &sender_said,
      &mail_sent, &mail_delivered, &delivery_confirmed, &mail_expanded, &queue_changed, &directory_changed, &service_ordered, &known_forgotten, &mail_failed, &pop3_login, &pop3_login_failed, &pop3_command, &pop3_closed,
      &imap_login, &imap_login_failed, &imap_command, &imap_closed, &login_unproven, &service_started, &service_stopping,
      &service_stopped, &service_died, &server_ended, &control_ended, &service_unconfined, &service_failed, &settings_reloaded, &settings_refused, &tls_refused, &bug_found, &bodies_collected, &alias_target_lost, &owner_wrong,
      &schedule_restored, &clock_set, &storage_trouble, &disk_low, &disk_enough, &checker_away, &checker_back, &signer_away, &signer_back, &key_unusable, &mail_unsigned, &dkim_key_active, &peer_trouble, &log_dropped, &log_suppressed};
  return all;
}

const Event* find_event(std::string_view name) {
  for (const auto* event : all_events())
    if (event->name == name) return event;
  return nullptr;
}

}  // namespace hikyaku::telemetry
