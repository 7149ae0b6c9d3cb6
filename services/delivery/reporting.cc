// The mail that outcomes cause: reports to senders, and what nobody takes to the postmaster.
#include <algorithm>
#include <tuple>

#include "services/delivery/basis.h"
#include "services/delivery/delivery.h"
#include "services/delivery/report/lost_mail.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration gathering_moment = 1s;

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

spool::GeneratedMail Delivery::report_mail(const Message& message, std::vector<RecipientReport> reports, std::string_view kind,
                                           std::string_view text) const {
  return make_report_mail(message, std::move(reports), kind, text,
                          {parts_.hostname, parts_.generated_journal, parts_.clock.wall(), settings_.report_language});
}

std::vector<spool::GeneratedMail> Delivery::report_mails(const Message& message, std::vector<RecipientReport> reports, std::string_view kind,
                                                         std::string_view text) const {
  std::vector<spool::GeneratedMail> mails;
  for (std::size_t at = 0; at < reports.size(); at += most_recipients_of_a_report) {
    const auto end = std::min(reports.size(), at + most_recipients_of_a_report);
    const auto first = reports.begin() + static_cast<std::ptrdiff_t>(at), last = reports.begin() + static_cast<std::ptrdiff_t>(end);
    mails.push_back(report_mail(message, {std::move_iterator(first), std::move_iterator(last)}, kind, text));
  }
  return mails;
}

Task<std::vector<spool::GeneratedMail>> Delivery::write_reports(const Message& message, Conclusion& conclusion) {
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
  const auto keeper = conclusion.dead_letters.empty() ? std::nullopt : postmaster();
  if (keeper && !message.damage.empty()) {  // one letter for all: nothing else is left of it
    generated.push_back(make_lost_mail_letter(message.ref.id, message.damage, conclusion.dead_letters.size(), *keeper,
                                              {parts_.hostname, parts_.generated_journal, parts_.clock.wall(), settings_.report_language}));
    co_return generated;
  }
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
Task<void> Delivery::finish_gathered(MessagePointer message) {
  ++finishing_;
  const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(gathering_moment));
  const auto parts = gathering_.take(message->ref.id);
  if (outcome != io::Wake::Cancelled) {
    auto conclusion = merged(parts);
    auto writing = write_reports(*message, conclusion);
    auto generated = co_await std::move(writing);
    spool::Stamps basis;
    for (const auto& part : parts) basis.merge(basis_of(*part.message, part.conclusion.outcomes));
    auto settling = settle_with_mail({message->ref, conclusion.outcomes, std::move(generated), std::move(basis)});
    const auto ending = co_await std::move(settling);
    look_for_fresh();
    if (ending == Settler::Ending::Written || ending == Settler::Ending::Over) ended(*message, conclusion.outcomes);
    if (ending == Settler::Ending::Overtaken)
      for (const auto& part : parts) parts_.loop.spawn(finish_again(part.message, part.attempts, part.destination));
    if (ending == Settler::Ending::Written)
      for (const auto& part : parts) log_conclusion(*message, part.attempts, part.conclusion, part.destination, part.concluded_at);
  }
  for (const auto& part : parts)
    for (const auto& attempt : part.attempts) in_hand_.end(*message, attempt.recipient);
  --finishing_;
}

}  // namespace hikyaku::delivery
