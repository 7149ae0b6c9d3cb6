#include "services/delivery/queue_actions.h"

#include <algorithm>
#include <map>

#include "base/cursor.h"
#include "services/delivery/attempt.h"
#include "services/delivery/notification.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_troubles = 10;

// The matching recipients of one message.
struct Chosen {
  Message message;
  std::vector<spool::Schedule> schedules;
};

class Actor {
 public:
  Actor(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action, const ActionContext& context)
      : spool_(spool), filter_(filter), action_(action), context_(context) {}

  void choose(const spool::DeferredRecipient& one) {
    if (!schedule_matches(filter_, one.id, one.schedule)) return;
    auto place = chosen_.find(one.id);
    if (place == chosen_.end()) {
      Message message{{one.id, 0, {}}, {}, {}};
      if (needs_envelope(filter_) || needs_text()) {
        auto envelope = spool_.envelope(message.ref);
        if (!envelope) return note(one.id, envelope.error());
        message.envelope = *std::move(envelope);
      }
      place = chosen_.emplace(one.id, Chosen{std::move(message), {}}).first;
    }
    const auto& envelope = place->second.message.envelope;
    if (needs_envelope(filter_) || needs_text()) {
      if (one.schedule.recipient >= envelope.recipients.size()) return;
      if (!envelope_matches(filter_, envelope, one.schedule.recipient, context_.now)) return;
    }
    place->second.schedules.push_back(one.schedule);
  }

  spool::SpoolResult<> carry_out() {
    const bool schedules = action_.kind == QueueActionKind::Retry || action_.kind == QueueActionKind::RedirectHost;
    std::vector<spool::Deferral> deferrals;
    std::vector<spool::Settlement> settlements;
    for (auto& [id, one] : chosen_) {
      if (one.schedules.empty()) continue;
      if (schedules) deferrals.push_back(again(one));
      else if (auto settlement = ended(one)) settlements.push_back(*std::move(settlement));
      else continue;
      page.changed += one.schedules.size();
    }
    if (!deferrals.empty()) TRY_VOID(spool_.defer(deferrals));
    if (!settlements.empty()) TRY_VOID(spool_.settle(settlements));
    return spool_.flush();
  }

  ActionPage page;

 private:
  [[nodiscard]] bool needs_text() const {
    return action_.kind == QueueActionKind::Bounce || action_.kind == QueueActionKind::RedirectAddress;
  }

  void note(const TraceId& id, const spool::SpoolError& error) {
    if (error.kind != spool::SpoolFailure::NotFound && page.troubles.size() < most_troubles) page.troubles.push_back(id.text() + ": " + error.what);
  }

  spool::Deferral again(Chosen& one) {
    spool::Deferral deferral{one.message.ref, {}, {}};
    for (auto schedule : one.schedules) {
      const auto before = schedule.destination;
      schedule.next_due = context_.now;
      if (action_.kind == QueueActionKind::RedirectHost) {
        schedule.via = action_.to;
        if (const auto hop = parse_chosen_hop(action_.to)) schedule.destination = hop->key();
      }
      page.touched.push_back({one.message.ref.id, schedule.recipient, before, schedule});
      deferral.recipients.push_back(std::move(schedule));
    }
    return deferral;
  }

  // Nothing: its text cannot be read; the message stays as it is.
  std::optional<spool::Settlement> ended(Chosen& one) {
    spool::Settlement settlement{one.message.ref, {}, {}};
    const auto outcome = action_.kind == QueueActionKind::Delete   ? spool::Outcome::Discarded
                         : action_.kind == QueueActionKind::Bounce ? spool::Outcome::Bounced
                                                                   : spool::Outcome::Expanded;
    for (const auto& schedule : one.schedules) settlement.outcomes.push_back({schedule.recipient, outcome, {}});
    std::string text;
    if (needs_text()) {
      const bool whole = action_.kind == QueueActionKind::RedirectAddress;
      const auto octets = one.message.envelope.body_octets;
      const auto reader = spool_.text(one.message.ref, octets);
      auto read = reader->next(whole ? octets : std::min<std::uint64_t>(octets, returned_octets + 1));
      if (auto rest = read ? reader->verify_rest() : spool::SpoolResult<>{}; !rest) read = failure(rest.error());
      if (!read) return note(one.message.ref.id, read.error()), std::nullopt;
      text = *std::move(read);
      if (whole) redirect(one, std::move(text), settlement);
      else report(one, text, settlement);
    }
    if (one.message.envelope.recipients.empty())  // deleting needs it for the log alone
      if (auto envelope = spool_.envelope(one.message.ref)) one.message.envelope = *std::move(envelope);
    for (const auto& schedule : one.schedules) page.touched.push_back(told(one.message, schedule, settlement));
    return settlement;
  }

  [[nodiscard]] Touched told(const Message& message, const spool::Schedule& schedule, const spool::Settlement& settlement) const {
    Touched touched{message.ref.id, schedule.recipient, schedule.destination, std::nullopt};
    touched.last_reply = schedule.last_reply;
    if (action_.kind == QueueActionKind::RedirectAddress) touched.became = settlement.generated.front().envelope.id;
    if (schedule.recipient >= message.envelope.recipients.size()) return touched;
    touched.sender = message.envelope.reverse_path.text();
    touched.address = message.recipient(schedule.recipient).address.text();
    touched.accepted_at = message.envelope.accepted_at;
    return touched;
  }

  void report(const Chosen& one, const std::string& text, spool::Settlement& settlement) const {
    std::vector<RecipientReport> reports;
    for (const auto& schedule : one.schedules) {
      const auto& recipient = one.message.recipient(schedule.recipient);
      if (!wants_notification(one.message.envelope, recipient, Action::Failed)) continue;
      RecipientReport told;
      told.recipient = recipient;
      told.status = "5.4.7";  // RFC 3463 §3.5: delivery time expired
      told.explanation = "The postmaster of " + context_.hostname + " has given up the delivery of this message.";
      if (is_reply(schedule.last_reply)) told.diagnostic = schedule.last_reply;
      else if (!schedule.last_reply.empty()) told.explanation += " The last attempt: " + schedule.last_reply;
      told.index = schedule.recipient;
      told.failure = failure_class_of(schedule.failure_class);
      if (schedule.last_tried != WallTime{}) told.last_attempt = schedule.last_tried;
      reports.push_back(std::move(told));
    }
    for (std::size_t at = 0; at < reports.size(); at += most_recipients_of_a_report) {
      const auto end = std::min(reports.size(), at + most_recipients_of_a_report);
      settlement.generated.push_back(make_report_mail(one.message, {reports.begin() + static_cast<std::ptrdiff_t>(at), reports.begin() + static_cast<std::ptrdiff_t>(end)}, "report", text, context_));
    }
  }

  void redirect(const Chosen& one, std::string text, spool::Settlement& settlement) const {
    const auto at = action_.to.rfind('@');
    const Address to{action_.to.substr(0, at), at == std::string::npos ? "" : ascii_lower(action_.to.substr(at + 1))};
    spool::GeneratedMail mail;
    mail.envelope = one.message.envelope;
    std::string cause;
    for (const auto& schedule : one.schedules) cause += std::to_string(schedule.recipient) + " ";
    mail.envelope.id = one.message.ref.id.derived(cause + action_.to, "redirect", context_.generated_journal);
    const auto& first = one.message.recipient(one.schedules.front().recipient);
    const auto original = first.original_recipient.empty() ? "rfc822;" + first.address.text() : first.original_recipient;
    mail.envelope.recipients = {{to, original, first.notify}};
    mail.envelope.body_octets = text.size();
    mail.text = std::move(text);
    settlement.generated.push_back(std::move(mail));
  }

  // "451 4.7.1 ...": the peer's words, not ours.
  static bool is_reply(std::string_view text) {
    return text.size() >= 4 && text[0] >= '2' && text[0] <= '5' && is_digit(text[1]) && is_digit(text[2]) && (text[3] == ' ' || text[3] == '-');
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  spool::Spool& spool_;
  const QueueFilter& filter_;
  const QueueAction& action_;
  const ActionContext& context_;
  std::map<TraceId, Chosen> chosen_;
};

}  // namespace

std::optional<NextHop> parse_chosen_hop(std::string_view text) {
  NextHop hop{Via::Host, std::string(text), 25, nullptr};
  auto colon = text.rfind(':');
  const bool literal = text.starts_with('[');
  if (literal) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || (end + 1 < text.size() && text[end + 1] != ':')) return std::nullopt;
    hop.name = text.substr(1, end - 1);
    colon = end + 1 < text.size() ? end + 1 : std::string_view::npos;
  } else if (colon != std::string_view::npos && text.find(':') != colon) {
    colon = std::string_view::npos;  // an IPv6 address without brackets
  }
  if (colon != std::string_view::npos) {
    Cursor in(text.substr(colon + 1));
    const auto port = parse_number(in, 65'535);
    if (!port || !in.at_end() || *port == 0) return std::nullopt;
    hop.port = static_cast<std::uint16_t>(*port);
    if (!literal) hop.name = text.substr(0, colon);
  }
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == ':';
  };
  if (hop.name.empty() || hop.name.size() > 255 || !std::ranges::all_of(hop.name, allowed)) return std::nullopt;
  hop.name = ascii_lower(hop.name);
  return hop;
}

spool::SpoolResult<ActionPage> act_on_queue(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action,
                                            spool::DeferredCursor after, std::size_t limit, const ActionContext& context) {
  Actor actor(spool, filter, action, context);
  if (filter.id) {
    for (const auto& one : spool.deferred(*filter.id)) actor.choose(one);
  } else {
    TRY(found, spool.find_deferred(for_spool(filter, context.now), after, limit));
    for (const auto& one : found.found) actor.choose(one);
    actor.page.next = found.next;
  }
  TRY_VOID(actor.carry_out());
  return std::move(actor.page);
}

}  // namespace hikyaku::delivery
