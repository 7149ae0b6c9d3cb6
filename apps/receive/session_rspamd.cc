// What rspamd says of a message, and what follows.
#include "apps/receive/arrived_text.h"
#include "apps/receive/session.h"
#include "services/filters/rspamd.h"
#include "services/policy/client_name.h"

namespace hikyaku::receive {
namespace {

constexpr std::size_t most_recipients_told = 100;
using filters::Heard;
using filters::HeaderEdit;
using filters::RspamdReply;

std::string reason_of(const RspamdReply& reply, std::string_view otherwise) { return reply.words.empty() ? std::string(otherwise) : reply.words; }

// The field goes as the sender wrote it, and ours takes its place.
void mark_as_spam(const RspamdReply& reply, std::vector<HeaderEdit>& edits) {
  edits.push_back({HeaderEdit::Kind::Remove, 0, reply.spam_field, {}});
  edits.push_back({HeaderEdit::Kind::Append, 0, reply.spam_field, " Yes"});
}

// `on_reject`: "refuse", "quarantine", "tag".
Heard heard_of(const RspamdReply& reply, std::string_view on_reject) {
  using Action = RspamdReply::Action;
  Heard heard{Heard::Kind::Pass, {}, reply.summary, reply.edits};
  switch (reply.action) {
    case Action::NoAction:
    case Action::Greylist: return heard;  // its greylist says "soft reject" when somebody is to come again
    case Action::AddHeader: mark_as_spam(reply, heard.edits); return heard;
    case Action::RewriteSubject:
      if (!reply.subject.empty()) heard.edits.push_back({HeaderEdit::Kind::Change, 1, "Subject", " " + reply.subject});
      return heard;
    case Action::SoftReject:
      heard.kind = Heard::Kind::Defer;
      heard.reply = {451, {4, 7, 1}, reason_of(reply, "Try again later")};
      return heard;
    case Action::Reject:
      if (on_reject == "tag") return mark_as_spam(reply, heard.edits), heard;
      heard.kind = on_reject == "quarantine" ? Heard::Kind::Quarantine : Heard::Kind::Refuse;
      if (heard.kind == Heard::Kind::Refuse) heard.reply = {550, {5, 7, 1}, reason_of(reply, "The message looks like spam")};
      return heard;
    case Action::Quarantine:
    case Action::Discard: heard.kind = Heard::Kind::Quarantine; return heard;
  }
  return heard;
}

}  // namespace

Task<Heard> Session::ask_rspamd(Arrival& arrival, Envelope& envelope) {
  const auto& row = policies_->rspamd;
  if (!row || !concerns(*row) || policies_->policy.rules.mode(policy::RuleId::Rspamd) == policy::Mode::Off) co_return Heard{};
  filters::RspamdFacts facts{{"Queue-Id", arrival.id.text()}, {"MTA-Name", policies_->hostname}, {"Helo", talk_.helo()}, {"From", "<" + envelope.reverse_path.text() + ">"}};
  if (!client_.empty()) facts.emplace_back("IP", client_);
  if (const auto name = address_ ? policy::client_name_known(*address_, answers_) : std::nullopt; name && !name->name.empty()) facts.emplace_back("Hostname", name->name);
  if (!talk_.account().empty()) facts.emplace_back("User", talk_.account());
  for (std::size_t i = 0; i < std::min(envelope.recipients.size(), most_recipients_told); ++i) facts.emplace_back("Rcpt", "<" + envelope.recipients[i].address.text() + ">");
  const auto octets = std::min(arrival.sink.octets() - arrival.ours, policies_->settings->filters.size().octets);
  ArrivedText text(front_.loop, front_.reception.workers, arrival.sink, arrival.ours, octets);
  auto asking = filters::ask_rspamd(front_.loop, *row, front_.asked.of(*row), ask_terms(), std::move(facts), text, octets);
  const auto reply = co_await std::move(asking);
  if (!reply) co_return when_away(*row, policy::RuleId::Rspamd, Heard{Heard::Kind::Trouble, {}, reply.error(), {}});
  front_.reception.checkers.well(row->name);
  co_return judged(policy::RuleId::Rspamd, row->name, heard_of(*reply, policies_->settings->filters.rspamd_reject()), envelope.recipients.front().address.text(), &arrival.id);
}

}  // namespace hikyaku::receive
