// The mail that outcomes cause: reports to senders, and what nobody takes to the postmaster.
#include <algorithm>
#include <ctime>
#include <tuple>

#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

constexpr std::uint64_t returned_octets = 50 << 10;
constexpr Duration gathering_moment = 1s;

// East of UTC, as the machine's clock is set: people compare the times in a report with their own.
int zone_minutes(WallTime when) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
  std::tm parts{};
  return localtime_r(&seconds, &parts) != nullptr ? static_cast<int>(parts.tm_gmtoff / 60) : 0;
}

bool is_failed(const RecipientReport& report) { return report.action == Action::Failed; }

}  // namespace

std::optional<Address> Delivery::postmaster() const {
  const auto directory = parts_.directory.newest();
  if (!directory) return std::nullopt;
  if (const auto& named = directory->contents().postmaster; !named.empty()) {
    const auto at = named.rfind('@');
    return Address{named.substr(0, at), at == std::string::npos ? "" : named.substr(at + 1)};
  }
  for (const auto& account : directory->contents().accounts)
    if (account.admin == directory::Enabled::Yes && account.enabled == directory::Enabled::Yes) return account.address;
  for (const auto& domain : directory->contents().domains)
    if (domain.kind == directory::DomainKind::Local) return Address{"postmaster", domain.name};
  return std::nullopt;
}

// The id follows from who is told what of whom: the same report made again after a crash is the same mail.
spool::GeneratedMail Delivery::report_mail(const Message& message, std::vector<RecipientReport> reports, std::string_view kind,
                                           std::string_view text) const {
  const auto now = parts_.clock.wall();
  std::string cause;
  for (const auto& report : reports) cause += report.recipient.address.text() + " ";
  const Envelope& original = message.envelope;
  spool::GeneratedMail mail;
  mail.envelope.id = message.ref.id.derived(cause, kind, parts_.generated_journal);
  mail.envelope.recipients = {{original.reverse_path.address, "", {.never = true}}};
  mail.envelope.accepted_at = now;
  mail.envelope.smtputf8 = original.smtputf8;
  mail.text = make_delivery_report({.original = original, .report_id = mail.envelope.id, .reporting_mta = parts_.hostname,
                                    .now = now, .recipients = std::move(reports), .original_text = text,
                                    .full_return_limit = returned_octets,
                                    .languages = choose_languages(settings_.report_language, original.reverse_path.address.domain),
                                    .zone_minutes = zone_minutes(now)});
  mail.envelope.body_type = BodyType::EightBitMime;
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

io::Task<std::vector<spool::GeneratedMail>> Delivery::write_reports(const Message& message, Conclusion& conclusion) {
  std::vector<spool::GeneratedMail> generated;
  const bool whole = !conclusion.dead_letters.empty();
  const auto octets = whole ? message.envelope.body_octets : std::min<std::uint64_t>(message.envelope.body_octets, returned_octets + 1);
  auto reading = read_beginning(message, octets);
  const std::string text = co_await std::move(reading);
  // What failed and what arrived are told apart: the first brings the text back, the second only the header.
  std::ranges::sort(conclusion.reports, [](const auto& a, const auto& b) { return std::tuple(!is_failed(a), a.index) < std::tuple(!is_failed(b), b.index); });
  for (std::size_t at = 0; at < conclusion.reports.size();) {
    std::vector<RecipientReport> some;
    const bool failed = is_failed(conclusion.reports[at]);
    while (at < conclusion.reports.size() && some.size() < most_recipients_of_a_report && is_failed(conclusion.reports[at]) == failed)
      some.push_back(conclusion.reports[at++]);
    generated.push_back(report_mail(message, std::move(some), "report", text));
  }
  // A notification of ours that nobody takes goes to the postmaster once; the postmaster's own undeliverable mail ends
  // here, and the log keeps its trace.
  const auto keeper = postmaster();
  for (const auto index : conclusion.dead_letters) {
    const Address& gone = message.recipient(index).address;
    if (!keeper || gone == *keeper) continue;
    spool::GeneratedMail mail;
    mail.envelope = message.envelope;
    mail.envelope.id = message.ref.id.derived(gone.text(), "dead letter", parts_.generated_journal);
    mail.envelope.recipients = {{*keeper, "", {.never = true}}};
    mail.text = text;
    mail.envelope.body_octets = text.size();
    generated.push_back(std::move(mail));
  }
  co_return generated;
}

// The moment is over: one report for all that ended meanwhile.
io::Task<void> Delivery::finish_gathered(MessagePointer message) {
  ++finishing_;
  const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(gathering_moment));
  const auto parts = gathering_.take(message->ref.id);
  if (outcome != io::Wake::Cancelled) {
    auto conclusion = merged(parts);
    spool::Settlement settlement{message->ref, conclusion.outcomes, {}};
    auto writing = write_reports(*message, conclusion);
    settlement.generated = co_await std::move(writing);
    auto settling = settler_.settle(std::move(settlement));
    const auto ending = co_await std::move(settling);
    look_for_fresh();
    if (ending == Settler::Ending::Written || ending == Settler::Ending::Over) ended(*message, conclusion.outcomes);
    if (ending == Settler::Ending::Written)
      for (const auto& part : parts) log_conclusion(*message, part.attempts, part.conclusion, part.destination);
  }
  --finishing_;
}

}  // namespace hikyaku::delivery
