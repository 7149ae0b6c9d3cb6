// Escrow (docs/adr/0035-escrow.md): whom a rule puts off may send the text all the same; an encrypted copy is kept of it, and the reply that RCPT would have been
// comes after it. A transaction is kept whole or not at all, since one reply is for all its recipients.
#include <algorithm>

#include "apps/receive/arrived_text.h"
#include "apps/receive/session.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
using OnInner = directory::RecipientAnswer::OnInnerServer;
using Known = escrow::Intake::Known;

constexpr std::size_t most_copies = 10;  // of one message

}  // namespace

bool Session::may_keep_copy(const smtp::Reply& reply, std::uint64_t octets) const {
  const auto& refusals = policies_->settings->refusals;
  const auto& rules = refusals.escrow();
  if (std::ranges::find(rules, open_->refused_by.rule) == rules.end() || reply.is_permanent()) return false;
  return octets <= refusals.escrow_message_size().octets && open_->escrowed.size() < most_copies && none_taken() && front_.reception.escrow.has_room();
}

Task<void> Session::put_off(Address recipient, OnInner on_inner, std::uint64_t octets, smtp::Reply reply) {
  bool keeps = may_keep_copy(reply, octets);
  if (keeps && (on_inner == OnInner::Ask || on_inner == OnInner::AskHeld)) {
    auto checking = check_inner(recipient, on_inner);
    const auto refusal = co_await std::move(checking);
    keeps = !refusal;  // nobody's mail is worth no copy
  }
  if (!keeps) co_return refuse_recipient(recipient, std::move(reply));
  log_recipient_refused(recipient, reply, "after the text");
  open_->escrowed[recipient.text()] = {std::move(reply), open_->refused_by.rule + ": " + open_->refused_by.evidence};
  talk_.recipient_checked({});
}

void Session::begin_fingerprint() {
  if (port_ == Port::Smtp && account_ == AccountId{} && (!open_->escrowed.empty() || front_.reception.escrow.knows_any())) arrival_->fingerprint.emplace();
}

std::string Session::mark_of(const Arrival& arrival, const Recipient& recipient) const {
  return arrival.fingerprint->mark(talk_.envelope().reverse_path, recipient.address);
}

Task<Session::AfterFilters> Session::attend_escrow(Arrival& arrival, Envelope& envelope) {
  if (!arrival.fingerprint) co_return AfterFilters::GoOn;
  arrival.fingerprint->end();
  const bool only_copies = none_taken();
  if (!arrival.trouble) take_out_released(arrival, envelope);
  if (!arrival.trouble && only_copies) {
    auto keeping = keep_copies(arrival, envelope);
    co_await std::move(keeping);
  }
  for (const auto& one : envelope.recipients) {
    const auto promised = open_->escrowed.find(one.address.text());
    // One reply for all is that of one of them.
    if (promised != open_->escrowed.end()) arrival.outcome.refuse(promised->first, talk_.answers_each_recipient() ? promised->second.reply : open_->escrowed.begin()->second.reply);
  }
  take_out_refused(arrival, envelope);
  if (!envelope.recipients.empty()) co_return AfterFilters::GoOn;
  settle(arrival, {});
  co_return AfterFilters::Answered;
}

// Their mail was delivered by decision: 250, once it says so for all who hear it.
void Session::take_out_released(const Arrival& arrival, Envelope& envelope) {
  const auto is_released = [&](const Recipient& one) { return front_.reception.escrow.find(mark_of(arrival, one)) == Known::Released; };
  if (!open_->escrowed.empty() && !talk_.answers_each_recipient() && !std::ranges::all_of(envelope.recipients, is_released)) return;
  std::erase_if(envelope.recipients, [&](const Recipient& one) {
    if (!is_released(one)) return false;
    log_escrow(events::escrow_repeated, arrival.id, one, {});
    return true;
  });
}

void Session::log_escrow(const telemetry::Event& event, const TraceId& id, const Recipient& recipient, telemetry::Fields said) {
  const auto sender = talk_.envelope().reverse_path.text(), to = recipient.address.text();
  const auto here = fields();
  said.client = here.client, said.listener = here.listener, said.connection = here.connection;
  said.message = id;
  said.sender = sender;
  said.null_sender = sender.empty();
  said.recipient = to;
  said.helo = talk_.helo();
  front_.reception.service.log().write(event, said);
}

// Why there can be no copy; empty: the text, with what the scanner says of it, is one.
Task<std::string> Session::prepare_copy(Arrival& arrival, Envelope& envelope) {
  const auto most = policies_->settings->refusals.escrow_message_size().octets;
  if (arrival.sink.octets() > most) co_return "larger than [refusals] escrow_message_size";
  arrival.told = open_->escrowed.begin()->second.reply.line();
  auto scanning = scan(arrival, envelope);
  auto heard = co_await std::move(scanning);
  if (heard.kind != Heard::Kind::Pass) co_return "the scanner does not let it pass";
  if (heard.edits.empty()) co_return std::string{};
  auto editing = edit_header(arrival, std::move(heard.edits));
  const bool edited = co_await std::move(editing);
  co_return edited ? std::string{} : std::string("the header could not be written");
}

Task<void> Session::keep_copies(Arrival& arrival, Envelope& envelope) {
  auto& escrow = front_.reception.escrow;
  std::vector<Recipient> wanted;
  for (const auto& one : envelope.recipients)
    if (escrow.find(mark_of(arrival, one)) == Known::No) wanted.push_back(one);
  if (wanted.empty()) co_return;
  auto preparing = prepare_copy(arrival, envelope);
  const std::string against = co_await std::move(preparing);
  TraceId id = arrival.id;
  for (const auto& one : wanted) {
    const auto& promised = open_->escrowed.at(one.address.text());
    const auto line = promised.reply.line();
    std::string trouble = against;
    if (trouble.empty()) {
      auto keeping = keep_copy(arrival, one, id, promised.why);
      trouble = co_await std::move(keeping);
    }
    if (trouble.empty()) log_escrow(events::escrow_kept, id, one, {.reply = line, .octets = arrival.sink.octets(), .reason = promised.why});
    else log_escrow(events::escrow_missed, id, one, {.reply = line, .reason = trouble});
    id = front_.reception.incoming.next_id();
  }
}

Task<std::string> Session::keep_copy(const Arrival& arrival, Recipient recipient, TraceId id, std::string why) {
  const auto now = front_.reception.clock.wall();
  quarantine::Entry entry{talk_.envelope(), std::move(why), now, 0, mark_of(arrival, recipient)};
  entry.envelope.id = id;
  entry.envelope.recipients = {std::move(recipient)};
  entry.envelope.accepted_at = now;
  entry.envelope.body_octets = arrival.sink.octets();
  if (arrival.lines) entry.envelope.body_type = arrival.lines->eight_bit() ? BodyType::EightBitMime : BodyType::SevenBit;
  const auto text = text_of(arrival.sink);
  auto keeping = front_.reception.workers.run(front_.loop, [this, &entry, &text, now] { return front_.reception.escrow.keep(entry, text, now); });
  const auto kept = co_await std::move(keeping);
  if (!kept) co_return "all workers are busy";
  co_return *kept ? std::string{} : kept->error().what;
}

// The sender's own mail is durable: nobody needs its copy.
void Session::tell_passed(const Arrival& arrival, const Envelope& envelope) {
  if (!arrival.fingerprint) return;
  auto& escrow = front_.reception.escrow;
  for (const auto& one : envelope.recipients) {
    auto mark = mark_of(arrival, one);
    if (escrow.find(mark) != Known::Kept) continue;
    telemetry::Fields said;
    if (const auto copy = escrow.copy_of(mark)) said.parent = *copy;
    log_escrow(events::escrow_passed, arrival.id, one, said);
    (void)front_.reception.workers.start([&escrow, mark = std::move(mark)] { escrow.passed(mark); });
  }
}

}  // namespace hikyaku::receive
