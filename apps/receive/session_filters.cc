// The filters at the end of the text: each is asked in turn, their verdicts are one outcome, and what they change is in the text before it is made durable.
// docs/adr/0029-filters.md.
#include "apps/receive/arrived_text.h"
#include "apps/receive/session.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
using policy::Finding;

Finding::Verdict verdict_of(filters::Heard::Kind kind) {
  if (kind == filters::Heard::Kind::Defer) return Finding::Verdict::Defer;
  return kind == filters::Heard::Kind::Pass ? Finding::Verdict::Nothing : Finding::Verdict::Refuse;
}

}  // namespace

// Whom a row is for. Who logged in, networks of ours and exempt ones are no strangers.
bool Session::concerns(const settings::FilterRow& row) const {
  using For = settings::FilterRow::For;
  return row.whom == For::All || (row.whom == For::Strangers) == is_stranger();
}

filters::AskTerms Session::ask_terms() const {
  const auto& filters = policies_->settings->filters;
  return {.rest = filters.rest(), .at_once = std::max<std::size_t>(1, static_cast<std::size_t>(filters.parallel()) / front_.reception.loops)};
}

filters::Heard Session::judged(policy::RuleId rule, std::string_view by, Heard heard, std::string_view recipient, const TraceId* message) {
  const auto& rules = policies_->policy.rules;
  const auto mode = rules.mode(rule);
  if (heard.kind != Heard::Kind::Pass) {
    heard.why = filters::shortened(std::move(heard.why), filters::most_why_octets);
    heard.reply.text = filters::shortened(std::move(heard.reply.text), filters::most_reply_octets);
    if (rules.name_rules && heard.reply.code != 0) heard.reply.text += " [" + std::string(policy::entry_of(rule).name) + "]";
    Finding finding{.verdict = verdict_of(heard.kind), .rule = rule, .mode = mode, .reply = heard.reply, .evidence = std::string(by) + ": " + heard.why};
    heard.why = finding.evidence;
    log_finding(finding, recipient, message);
  }
  if (mode != policy::Mode::Enforce) return {};
  heard.spares = message != nullptr;
  if (open_->spared && message != nullptr && heard.kind != Heard::Kind::Pass) heard.kind = Heard::Kind::Pass;
  return heard;
}

// Our own trouble is never 5xx.
filters::Heard Session::when_away(const settings::FilterRow& row, policy::RuleId rule, const Heard& heard) {
  const bool passes = row.away == settings::FilterRow::Away::Pass || policies_->policy.rules.mode(rule) != policy::Mode::Enforce;
  const smtp::Reply reply{451, {4, 3, 0}, "The message could not be checked, try again later"};
  const auto line = passes ? std::string{} : reply.line();
  auto said = fields();
  said.text = row.name;
  said.rule = policy::entry_of(rule).name;
  said.reason = heard.why;
  said.reply = line;
  front_.reception.service.log().write(events::filter_failed, said);
  front_.reception.checkers.failed(row.name, heard.why);
  if (passes) return {};
  return {Heard::Kind::Defer, reply, heard.why, {}};
}

void Session::end_text(Arrival& arrival) {
  if (arrival.forged) arrival.keep(arrival.forged->rest());
  if (arrival.marks) arrival.sink.append(arrival.marks->finish());
}

Task<Session::AfterFilters> Session::filter_text(Arrival& arrival, Envelope& envelope) {
  static constexpr TextFilter all[] = {&Session::authenticate_text, &Session::ask_content, &Session::check_uris, &Session::scan, &Session::ask_rspamd, &Session::ask_milters};
  if (arrival.sink.octets() - arrival.ours > most_header_octets) {
    auto measuring = has_endless_header(arrival);
    const bool endless = co_await std::move(measuring);
    if (endless) {
      refuse_message(arrival, {552, {5, 3, 4}, "The header of the message is larger than 1 MiB"});
      co_return AfterFilters::Answered;
    }
  }
  for (const auto filter : all) {
    if (arrival.trouble) break;
    auto asking = (this->*filter)(arrival, envelope);
    auto heard = co_await std::move(asking);
    if (arrival.trouble) break;
    if (!take_heard(arrival, envelope, heard)) break;
    if (heard.edits.empty()) continue;
    auto editing = edit_header(arrival, std::move(heard.edits));
    const bool edited = co_await std::move(editing);
    if (!edited) break;
  }
  open_->milters.clear();
  if (arrival.trouble) co_return AfterFilters::GoOn;
  if (envelope.recipients.empty()) {
    settle(arrival, {});
    co_return AfterFilters::Answered;
  }
  if (const auto& against = arrival.outcome.against()) {
    if (against->is_permanent()) {
      refuse_message(arrival, *against);
      co_return AfterFilters::Answered;
    }
    arrival.trouble = *against;
    co_return AfterFilters::GoOn;
  }
  auto keeping = keep_back(arrival, envelope);
  co_return co_await std::move(keeping);
}

bool Session::is_spared(const Address& recipient) const {
  if (policy::is_always_taken(recipient)) return true;
  const auto terms = open_->terms.find(recipient.text());
  return terms != open_->terms.end() && terms->second.spared;
}

bool Session::spares_some(const Envelope& envelope) const {
  return !open_->spared && std::ranges::any_of(envelope.recipients, [this](const Recipient& one) { return is_spared(one.address); });
}

// Who is spared stands beside others where each is answered (must_come_apart), and in mail of logins and of networks of ours, whose programs know no copies apart.
// There the others' copies are kept back, as wherever one reply cannot say it; what is put off comes again, for all.
bool Session::take_heard(Arrival& arrival, Envelope& envelope, const Heard& heard) {
  const bool each = talk_.answers_each_recipient(), comes_again = !each && heard.kind == Heard::Kind::Defer;
  if (!heard.spares || heard.kind == Heard::Kind::Pass || comes_again || !spares_some(envelope)) return arrival.outcome.take(heard) && take_out_refused(arrival, envelope);
  for (const auto& one : envelope.recipients) {
    if (is_spared(one.address)) continue;
    if (each && heard.kind != Heard::Kind::Quarantine) arrival.outcome.refuse(one.address.text(), heard.reply);
    else arrival.outcome.keep_back(one.address.text(), heard.why);
  }
  return take_out_refused(arrival, envelope);
}

bool Session::take_out_refused(Arrival& arrival, Envelope& envelope) {
  if (arrival.outcome.take_out_refused(envelope) == 0) return true;
  open_->spared = std::ranges::all_of(envelope.recipients, [this](const Recipient& one) { return is_spared(one.address); });
  return !envelope.recipients.empty();
}

// What filters look at and edit is in memory meanwhile.
Task<bool> Session::has_endless_header(Arrival& arrival) {
  auto reading = header_of(ArrivedText(front_.loop, front_.reception.workers, arrival.sink, arrival.ours), most_header_octets);
  const auto header = co_await std::move(reading);
  if (!header) arrival.trouble = smtp::Reply{451, {4, 3, 0}, "The message could not be read, try again later"};
  co_return header && header->size() > most_header_octets;
}

// What goes into quarantine: all copies, or some recipients', which count only when the others' are stored.
Task<Session::AfterFilters> Session::keep_back(Arrival& arrival, Envelope& envelope) {
  for (auto& [recipient, why] : open_->kept_back) arrival.outcome.keep_back(recipient, why);
  std::string why;
  const auto apart = arrival.outcome.quarantine().empty() ? arrival.outcome.take_apart(envelope, why) : std::nullopt;
  const bool all = !arrival.outcome.quarantine().empty();
  if (!apart && !all) co_return AfterFilters::GoOn;
  auto putting = put_into_quarantine(arrival, apart ? *apart : envelope, all ? arrival.outcome.quarantine() : why);
  auto copy = co_await std::move(putting);
  if (apart || !copy) {
    arrival.kept_back = std::move(copy);
    co_return AfterFilters::GoOn;
  }
  keep_in_quarantine(arrival, *copy);
  settle(arrival, {});
  co_return AfterFilters::Answered;
}

// Of a text in a file on a worker.
Task<bool> Session::put_first(Arrival& arrival, std::string octets, std::uint64_t instead_of) {
  arrival.ours += octets.size();
  arrival.ours -= std::min(arrival.ours, instead_of);
  spool::SpoolResult<> put;
  if (arrival.sink.spilled()) {
    auto putting = front_.reception.workers.run(front_.loop, [sink = &arrival.sink, &octets, instead_of] { return sink->put_first(std::move(octets), instead_of); });
    auto done = co_await std::move(putting);
    put = done ? std::move(*done) : failure(spool::SpoolError{spool::SpoolFailure::Stopped, "all workers are busy"});
  } else {
    put = arrival.sink.put_first(std::move(octets), instead_of);
  }
  if (put) co_return true;
  arrival.trouble = trouble_of(put.error(), arrival.id);
  co_return false;
}

Task<bool> Session::edit_header(Arrival& arrival, std::vector<filters::HeaderEdit> wanted) {
  const auto edits = std::move(wanted);
  // What is above everything needs no look at what is below.
  std::string above;
  const bool all_above = std::ranges::all_of(edits, [](const auto& edit) { return edit.kind == filters::HeaderEdit::Kind::Insert && edit.place == 0; });
  for (const auto& edit : edits)
    if (edit.kind == filters::HeaderEdit::Kind::Insert && edit.place == 0) above.insert(0, filters::field_octets(edit.name, edit.value));
  if (all_above) {
    auto putting = put_first(arrival, std::move(above), 0);
    co_return co_await std::move(putting);
  }
  auto reading = header_of(ArrivedText(front_.loop, front_.reception.workers, arrival.sink));
  const auto read = co_await std::move(reading);
  if (!read) {
    arrival.trouble = smtp::Reply{451, {4, 3, 0}, "The message could not be read, try again later"};
    co_return false;
  }
  auto header = filters::edit_header(*read, static_cast<std::size_t>(arrival.ours), edits);
  const auto ours = arrival.ours + above.size();
  auto putting = put_first(arrival, std::move(header), read->size());
  const bool put = co_await std::move(putting);
  arrival.ours = ours;
  co_return put;
}

// 250 is said when the file is on stable storage: as with the journal. Nothing: arrival.trouble says why.
Task<std::optional<Session::Quarantined>> Session::put_into_quarantine(Arrival& arrival, Envelope envelope, std::string why) {
  envelope.id = arrival.id;
  envelope.accepted_at = front_.reception.clock.wall();
  envelope.body_octets = arrival.sink.octets();
  quarantine::Entry entry{std::move(envelope), std::move(why), front_.reception.clock.wall(), arrival.sink.octets()};
  const auto text = text_of(arrival.sink);
  auto depositing = front_.reception.workers.run(front_.loop, [this, &entry, &text] { return front_.reception.quarantine.deposit(entry, text); });
  auto deposited = co_await std::move(depositing);
  if (deposited && *deposited) co_return Quarantined{**std::move(deposited), std::move(entry)};
  const bool full = deposited && deposited->error().kind == spool::SpoolFailure::NoSpace;
  front_.reception.service.log().write(events::storage_trouble, {.message = arrival.id, .text = "quarantine", .reason = deposited ? deposited->error().what : "all workers are busy"});
  arrival.trouble = full ? smtp::Reply{452, {4, 3, 1}, "There is no room for this message, try again later"} : smtp::Reply{451, {4, 3, 0}, "The message could not be stored, try again later"};
  co_return std::nullopt;
}

void Session::keep_in_quarantine(const Arrival& arrival, Quarantined& copy) {
  copy.deposit.keep();
  log_scan(events::mail_quarantined, arrival, copy.entry.envelope, {.octets = copy.entry.octets, .reason = copy.entry.why});
}

}  // namespace hikyaku::receive
