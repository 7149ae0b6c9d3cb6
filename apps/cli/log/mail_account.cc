#include "apps/cli/log/mail_account.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "services/telemetry/events.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

namespace events = telemetry::events;

constexpr Duration longest_between_lines = 1h;  // from a mail's acceptance to the line that tells of it, generously

bool begins(std::string_view event) { return event == events::mail_accepted.name || event == events::mail_generated.name; }
bool ends(std::string_view event) {
  return event == events::mail_sent.name || event == events::mail_delivered.name || event == events::mail_failed.name || event == events::mail_expanded.name;
}

}  // namespace

bool MailAccount::concerns(std::string_view line) {
  constexpr std::string_view key = "\"event\":\"mail.";
  return line.find(key) != std::string_view::npos;
}

void MailAccount::take(const JsonView& line) {
  const auto event = line.text("event");
  const auto id = line.text("message");
  if (begins(event)) {
    const auto written = line.text("time");
    const auto when = telemetry::parse_stamp(written);
    if (!when || *when < begin_) return;
    auto& mail = mails_[id];
    mail.message = id, mail.sender = line.text("sender"), mail.recipient = line.text("recipient");
    mail.accepted = written, mail.accepted_at = *when;
    mail.recipients = std::max<std::uint64_t>(1, line.number("count"));
  } else if (ends(event)) {
    // The end of what began long before: not to be kept.
    const auto accepted_at = telemetry::parse_stamp(line.text("accepted_at"));
    if (accepted_at && *accepted_at + longest_between_lines < begin_ && !mails_.contains(id)) return;
    const auto original = line.text("original_recipient");
    mails_[id].ended.insert(std::hash<std::string>{}(original.empty() ? line.text("recipient") : original));
  }
  const auto found = mails_.find(id);
  if (found != mails_.end() && found->second.recipients > 0 && found->second.ended.size() >= found->second.recipients) mails_.erase(found);
}

std::vector<OpenMail> MailAccount::open() const {
  std::vector<OpenMail> open;
  for (const auto& [id, mail] : mails_)
    if (mail.recipients > 0) open.push_back(mail);
  std::ranges::sort(open, {}, [](const OpenMail& mail) { return std::tie(mail.accepted_at, mail.message); });
  return open;
}

}  // namespace hikyaku::cli
