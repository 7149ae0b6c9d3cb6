#include "services/delivery/report/report_mail.h"

#include <ctime>

namespace hikyaku::delivery {
namespace {

// East of UTC, as the machine's clock is set: people compare the times in a report with their own.
int zone_minutes(WallTime when) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
  std::tm parts{};
  return localtime_r(&seconds, &parts) != nullptr ? static_cast<int>(parts.tm_gmtoff / 60) : 0;
}

}  // namespace

spool::GeneratedMail make_report_mail(const Message& message, std::vector<RecipientReport> reports, std::string_view kind,
                                      std::string_view text, const ReportOrigin& origin) {
  std::string cause;
  for (const auto& report : reports) cause += report.recipient.address.text() + " ";
  const Envelope& original = message.envelope;
  spool::GeneratedMail mail;
  mail.envelope.id = message.ref.id.derived(cause, kind, origin.generated_journal);
  mail.envelope.recipients = {{original.reverse_path.address, "", {.never = true}}};
  mail.envelope.accepted_at = origin.now;
  mail.envelope.smtputf8 = original.smtputf8;
  mail.envelope.priority = original.priority;  // RFC 6710 §4.6
  if (original.tls_wish == TlsWish::Require) mail.envelope.tls_wish = TlsWish::Require;  // RFC 8689 §5
  mail.text = make_delivery_report({.original = original, .report_id = mail.envelope.id, .reporting_mta = origin.hostname,
                                    .now = origin.now, .recipients = std::move(reports), .original_text = text,
                                    .full_return_limit = returned_octets,
                                    .languages = choose_languages(origin.language, original.reverse_path.address.domain),
                                    .zone_minutes = zone_minutes(origin.now)});
  mail.envelope.body_type = BodyType::EightBitMime;
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

}  // namespace hikyaku::delivery
