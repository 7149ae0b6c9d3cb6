#include "services/delivery/queue_actions.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>

#include "base/cursor.h"
#include "services/delivery/attempt.h"
#include "services/delivery/chosen_hold.h"
#include "services/delivery/notification.h"
#include "services/delivery/queue_holds.h"
#include "services/delivery/schedule/scheduler.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_troubles = 10;
constexpr std::size_t most_envelopes = 500;  // of a page of fresh recipients, each with its own
constexpr std::uint64_t most_texts = 16 << 20;  // octets in memory, but for one larger text
constexpr int most_looks = 10;                  // at one that somebody else writes of meanwhile, each time

// Of fresh mail, which is due as it is: what its sender wants released later.
bool concerns_fresh(const QueueAction& action, const Envelope& envelope, WallTime now) {
  if (action.kind == QueueActionKind::Release) return false;
  return action.kind != QueueActionKind::Retry || (envelope.release && envelope.release->at > now);
}

spool::FreshFilter fresh_ones(const QueueFilter& filter, const QueueAction& action, WallTime now) {
  auto out = fresh_for_spool(filter, now);
  out.matches = [matches = std::move(out.matches), &action, now](const Envelope& envelope, std::uint32_t recipient) {
    return matches(envelope, recipient) && concerns_fresh(action, envelope, now);
  };
  return out;
}

// Of deferred mail.
spool::DeferredFilter deferred_ones(const QueueFilter& filter, const QueueAction& action, WallTime now) {
  auto out = for_spool(filter, now);
  if (action.kind != QueueActionKind::Hold && action.kind != QueueActionKind::Release) return out;
  const bool wanted = action.kind == QueueActionKind::Release;
  out.destination = [wanted, others = std::move(out.destination)](std::string_view key) {
    return directory::is_chosen_key(key) == wanted && (!others || others(key));
  };
  return out;
}

// The matching recipients of one message.
struct Chosen {
  Message message;
  std::vector<spool::Schedule> schedules;  // of fresh ones: who it is, and nothing else
  QueueState was = QueueState::Deferred;

  [[nodiscard]] spool::Stamps basis() const {
    spool::Stamps basis;
    if (was == QueueState::Deferred)
      for (const auto& schedule : schedules) basis.insert({schedule.recipient, spool::stamp_of(schedule)});
    return basis;
  }
};
// What is to be written of one, and told when it is.
struct Change {
  Chosen* of = nullptr;
  std::vector<Touched> touched;
};

class Actor {
 public:
  Actor(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action, const ActionContext& context, InHand* in_hand)
      : spool_(spool), filter_(filter), action_(action), context_(context), in_hand_(in_hand), holds_in_force_(action.kind == QueueActionKind::Release ? context.directory : nullptr, context.now) {}
  ~Actor() {
    for (const auto& [message, recipient] : taken_) in_hand_->give_back(message, recipient);
  }
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  void choose(const spool::DeferredRecipient& one) {
    if (!schedule_matches(filter_, one.id, one.schedule) || is_as_wanted(one.schedule)) return;
    auto place = chosen_.find(one.id);
    if (place == chosen_.end()) {
      Message message{{one.id, 0, {}}, {}, {}};
      if (needs_envelope(filter_) || needs_whole()) {
        auto envelope = spool_.envelope(message.ref);
        if (!envelope) return note(one.id, envelope.error());
        message.envelope = *std::move(envelope);
      }
      place = chosen_.emplace(one.id, Chosen{std::move(message), {}, QueueState::Deferred}).first;
    }
    const auto& envelope = place->second.message.envelope;
    if (needs_envelope(filter_) || needs_whole()) {
      if (one.schedule.recipient >= envelope.recipients.size()) return;
      if (!envelope_matches(filter_, envelope, one.schedule.recipient, context_.now)) return;
    }
    place->second.schedules.push_back(one.schedule);
  }

  // Taken before it is looked at once more: from then on nothing begins for it.
  void choose(const spool::FreshRecipient& one) {
    if (in_hand_ != nullptr) {
      if (!in_hand_->take(one.ref, one.recipient)) return;
      taken_.emplace_back(one.ref, one.recipient);
    }
    if (!spool_.waits(one.ref, one.recipient)) return;
    auto place = chosen_.find(one.ref.id);
    if (place == chosen_.end()) place = chosen_.emplace(one.ref.id, Chosen{{one.ref, one.envelope, {}}, {}, QueueState::Incoming}).first;
    place->second.schedules.push_back({.recipient = one.recipient});
  }

  // In groups, as texts allow.
  spool::SpoolResult<> carry_out() {
    for (auto& [id, one] : chosen_) {
      if (!prepare(one)) continue;
      if (!settlements_.empty())
        for (const auto& mail : settlements_.back().generated) texts_ += mail.text.size();
      if (texts_ >= most_texts) TRY_VOID(write());
    }
    TRY_VOID(write());
    return spool_.flush();
  }

  ActionPage page;

 private:
  [[nodiscard]] bool writes_schedules() const {
    return action_.kind != QueueActionKind::Bounce && action_.kind != QueueActionKind::Delete && action_.kind != QueueActionKind::RedirectAddress;
  }

  // False: there is nothing to write of it.
  bool prepare(Chosen& one) {
    if (one.schedules.empty()) return false;
    Change change{&one, {}};
    if (writes_schedules()) {
      deferrals_.push_back(again(one, change.touched));
    } else {
      auto settlement = ended(one, change.touched);
      if (!settlement) return false;
      settlements_.push_back(*std::move(settlement));
    }
    changes_.push_back(std::move(change));
    return true;
  }

  spool::SpoolResult<> write_prepared() {
    if (!deferrals_.empty()) TRY_VOID(spool_.defer(deferrals_));
    if (!settlements_.empty()) TRY_VOID(spool_.settle(settlements_));
    for (auto& change : changes_) {
      const auto& one = *change.of;
      page.changed += one.schedules.size();
      if (action_.kind == QueueActionKind::Release) count_kept(one);
      std::ranges::move(change.touched, std::back_inserter(page.touched));
      if (in_hand_ == nullptr || one.was != QueueState::Incoming) continue;
      for (const auto& schedule : one.schedules) {
        in_hand_->over(one.message.ref, schedule.recipient);
        std::erase(taken_, std::pair(one.message.ref, schedule.recipient));
      }
    }
    forget_prepared();
    return {};
  }
  void forget_prepared() {
    deferrals_.clear(), settlements_.clear(), changes_.clear();
    texts_ = 0;
  }

  spool::SpoolResult<> write() {
    auto written = write_prepared();
    if (written || written.error().kind != spool::SpoolFailure::Overtaken) return written;
    std::vector<Chosen*> all;
    for (const auto& change : changes_) all.push_back(change.of);
    forget_prepared();
    for (auto* one : all) TRY_VOID(write_alone(*one));
    return {};
  }

  // An attempt's end, or another command, comes between a look and its writing: a few times at most.
  spool::SpoolResult<> write_alone(Chosen& one) {
    for (int looks = 0; looks < most_looks; ++looks) {
      if (!prepare(one)) return {};
      auto written = write_prepared();
      if (written || written.error().kind != spool::SpoolFailure::Overtaken) return written;
      forget_prepared();
      look_again(one);
    }
    if (page.troubles.size() < most_troubles) page.troubles.push_back(one.message.ref.id.text() + ": it is being changed all the time");
    return {};
  }

  // Those that wait still, and are what was chosen still, as they are now.
  void look_again(Chosen& one) {
    auto now = spool_.deferred(one.message.ref.id);
    std::erase_if(one.schedules, [&](spool::Schedule& schedule) {
      const auto found = std::ranges::find(now, schedule.recipient, [](const spool::DeferredRecipient& each) { return each.schedule.recipient; });
      if (found == now.end() || !schedule_matches(filter_, found->id, found->schedule) || is_as_wanted(found->schedule)) return true;
      schedule = std::move(found->schedule);
      return false;
    });
  }

  // What the command has met before its first attempt comes here behind that.
  [[nodiscard]] bool is_as_wanted(const spool::Schedule& schedule) const {
    const bool chosen = directory::is_chosen_key(schedule.destination);
    if (action_.kind == QueueActionKind::Hold) return chosen;
    if (action_.kind == QueueActionKind::Release) return !chosen;
    if (schedule.attempts > 0 || schedule.next_due > context_.now) return false;
    if (action_.kind == QueueActionKind::Retry) return schedule.destination == release_key;
    return action_.kind == QueueActionKind::RedirectHost && schedule.via == action_.to;
  }

  // The envelope tells of a release that its sender wished.
  [[nodiscard]] bool needs_whole() const { return needs_text() || action_.kind == QueueActionKind::Release; }
  [[nodiscard]] bool needs_text() const {
    return action_.kind == QueueActionKind::Bounce || action_.kind == QueueActionKind::RedirectAddress;
  }

  void note(const TraceId& id, const spool::SpoolError& error) {
    if (error.kind != spool::SpoolFailure::NotFound && page.troubles.size() < most_troubles) page.troubles.push_back(id.text() + ": " + error.what);
  }

  spool::Deferral again(const Chosen& one, std::vector<Touched>& touched) const {
    spool::Deferral deferral{one.message.ref, {}, {}, one.basis()};
    for (auto schedule : one.schedules) {
      const auto before = schedule.destination;
      if (one.was == QueueState::Incoming) never_tried(schedule);
      change(schedule, one.message.envelope, one.was);
      touched.push_back({.id = one.message.ref.id, .recipient = schedule.recipient, .destination = before, .again = schedule,
                         .was = one.was, .priority = one.message.envelope.priority});
      deferral.recipients.push_back(std::move(schedule));
    }
    return deferral;
  }

  void change(spool::Schedule& schedule, const Envelope& envelope, QueueState was) const {
    if (action_.kind == QueueActionKind::Hold) {
      schedule.destination = action_.to;
      if (was == QueueState::Incoming) schedule.next_due = envelope.release ? std::max(context_.now, envelope.release->at) : context_.now;
      return;
    }
    if (action_.kind != QueueActionKind::Retry) leave_chosen_hold(schedule, holds(), context_.now);
    if (action_.kind == QueueActionKind::Release) {
      schedule.destination = release_key;
      if (envelope.release && schedule.attempts == 0 && envelope.release->at > context_.now) return;  // its sender's wish stands
    }
    schedule.next_due = context_.now;
    if (action_.kind != QueueActionKind::RedirectHost) return;
    schedule.via = action_.to;
    if (const auto hop = parse_chosen_hop(action_.to)) schedule.destination = hop->key();
  }
  [[nodiscard]] std::span<const directory::Hold> holds() const {
    return context_.directory ? std::span<const directory::Hold>(context_.directory->contents().holds) : std::span<const directory::Hold>{};
  }

  // What goes on waiting, for another hold selects it by its sender or the way it goes.
  void count_kept(const Chosen& one) {
    const auto& envelope = one.message.envelope;
    for (const auto& schedule : one.schedules) {
      if (schedule.recipient >= envelope.recipients.size()) continue;
      QueueItem item{.id = one.message.ref.id, .state = QueueState::Deferred, .sender = envelope.reverse_path.text(), .recipient = envelope.recipients[schedule.recipient].address.text(), .sent_by = envelope.account};
      if (!schedule.via.empty())
        if (const auto hop = parse_chosen_hop(schedule.via)) item.destination = hop->key();
      if (const auto* hold = holds_in_force_.of(item)) ++page.kept[hold->id];
    }
  }

  // No attempt is counted, and no period has begun.
  static void never_tried(spool::Schedule& schedule) {
    schedule.destination = release_key;
    schedule.failure_class = static_cast<std::uint8_t>(FailureClass::Transient);
  }

  // Nothing: its text cannot be read; the message stays as it is.
  std::optional<spool::Settlement> ended(Chosen& one, std::vector<Touched>& touched) {
    spool::Settlement settlement{one.message.ref, {}, {}, one.basis()};
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
    for (const auto& schedule : one.schedules) touched.push_back(told(one, schedule, settlement));
    return settlement;
  }

  [[nodiscard]] Touched told(const Chosen& one, const spool::Schedule& schedule, const spool::Settlement& settlement) const {
    const auto& message = one.message;
    Touched touched{message.ref.id, schedule.recipient, schedule.destination, std::nullopt};
    touched.was = one.was;
    touched.last_reply = schedule.last_reply;
    if (action_.kind == QueueActionKind::RedirectAddress) touched.became = settlement.generated.front().envelope.id;
    if (const auto report = reported_by_.find({message.ref.id, schedule.recipient}); report != reported_by_.end()) touched.became = report->second;
    if (schedule.recipient >= message.envelope.recipients.size()) return touched;
    touched.sender = message.envelope.reverse_path.text();
    touched.address = message.recipient(schedule.recipient).address.text();
    touched.accepted_at = message.envelope.accepted_at;
    return touched;
  }

  void report(const Chosen& one, const std::string& text, spool::Settlement& settlement) {
    std::vector<RecipientReport> reports;
    for (const auto& schedule : one.schedules) {
      const auto& recipient = one.message.recipient(schedule.recipient);
      if (!wants_notification(one.message.envelope, recipient, Action::Failed)) continue;
      RecipientReport told;
      told.recipient = recipient;
      told.status = one.was == QueueState::Incoming ? "5.0.0" : "5.4.7";  // RFC 3463 §3.5: delivery time expired; of the untried §3.1
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
      for (auto n = at; n < end; ++n) reported_by_.insert_or_assign({one.message.ref.id, reports[n].index}, settlement.generated.back().envelope.id);
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
  InHand* const in_hand_;
  const HoldsInForce holds_in_force_;
  std::map<TraceId, Chosen> chosen_;
  std::vector<std::pair<spool::MessageRef, std::uint32_t>> taken_;  // and not written yet
  std::map<std::pair<TraceId, std::uint32_t>, TraceId> reported_by_;
  std::vector<spool::Deferral> deferrals_;
  std::vector<spool::Settlement> settlements_;
  std::vector<Change> changes_;
  std::uint64_t texts_ = 0;
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

spool::SpoolResult<ActionPage> act_on_queue(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action, const QueueCursor& after,
                                            std::size_t limit, const ActionContext& context, InHand* in_hand, const spool::Enough& enough) {
  Actor actor(spool, filter, action, context, in_hand);
  if (after.fresh && !only_deferred(filter)) {
    TRY(page, spool.find_fresh(fresh_ones(filter, action, context.now), *after.fresh, std::min(limit, most_envelopes), enough));
    for (const auto& one : page.found) actor.choose(one);
    actor.page.next = QueueCursor{0, page.next};
  } else if (filter.id) {
    for (const auto& one : spool.deferred(*filter.id)) actor.choose(one);
  } else {
    TRY(found, spool.find_deferred(deferred_ones(filter, action, context.now), after.deferred, limit, enough));
    for (const auto& one : found.found) actor.choose(one);
    if (found.next) actor.page.next = QueueCursor{*found.next, std::nullopt};
  }
  TRY_VOID(actor.carry_out());
  return std::move(actor.page);
}

spool::SpoolResult<ActionCount> count_for_action(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action, const QueueCursor& after,
                                                 WallTime now, const spool::Enough& enough) {
  if (after.fresh && !only_deferred(filter)) {
    TRY(page, spool.find_fresh(fresh_ones(filter, action, now), *after.fresh, most_envelopes, enough));
    return ActionCount{page.found.size(), QueueCursor{0, page.next}};
  }
  if (filter.id) {
    const auto all = spool.deferred(*filter.id);
    return ActionCount{static_cast<std::uint64_t>(std::ranges::count_if(all, [&](const auto& one) { return schedule_matches(filter, one.id, one.schedule); })), {}};
  }
  TRY(counted, spool.count_deferred(deferred_ones(filter, action, now)));
  return ActionCount{counted, {}};
}

}  // namespace hikyaku::delivery
