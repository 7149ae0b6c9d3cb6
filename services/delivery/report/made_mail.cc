#include "services/delivery/report/made_mail.h"

namespace hikyaku::delivery {

std::vector<MadeMail> made_of(std::span<const spool::GeneratedMail> mails) {
  std::vector<MadeMail> made;
  for (const auto& [envelope, text] : mails)
    made.push_back({envelope.id, envelope.reverse_path.text(), envelope.recipients.empty() ? "" : envelope.recipients.front().address.text(), envelope.body_octets});
  return made;
}

void log_made(telemetry::Log& log, const TraceId& parent, std::string_view kind, std::span<const MadeMail> mails) {
  for (const auto& [id, sender, recipient, octets] : mails)
    log.write(telemetry::events::mail_generated, {.message = id, .parent = parent, .sender = sender, .null_sender = sender.empty(), .recipient = recipient, .octets = octets, .text = kind});
}

}  // namespace hikyaku::delivery
