// The text of a message on its way to the journal. 250 is said only after the flush that covers it.
#include "apps/receive/session.h"
#include "services/quarantine/withdrawal.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;

// Waits on the loop for what the flusher thread says.
class Flushed {
 public:
  Flushed(io::Loop& loop, spool::IncomingWriter& incoming, spool::Submission submission)
      : loop_(loop), incoming_(incoming), submission_(std::move(submission)), shared_(std::make_shared<Shared>()) {}
  Flushed(const Flushed&) = delete;
  Flushed& operator=(const Flushed&) = delete;
  // A session destroyed before its answer leaves nobody to resume.
  ~Flushed() { shared_->waiting = nullptr; }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    shared_->waiting = waiting;
    submission_.on_done = [&loop = loop_, shared = shared_](spool::SpoolResult<> result) {
      loop.post([shared, result = std::move(result)]() mutable {
        shared->result = std::move(result);
        if (shared->waiting) shared->waiting.resume();
      });
    };
    incoming_.submit(std::move(submission_));
  }
  spool::SpoolResult<> await_resume() { return std::move(shared_->result); }

 private:
  struct Shared {
    std::coroutine_handle<> waiting;  // on the loop's thread only
    spool::SpoolResult<> result;
  };
  io::Loop& loop_;
  spool::IncomingWriter& incoming_;
  spool::Submission submission_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace

smtp::Reply Session::trouble_of(const spool::SpoolError& error, const TraceId& message) {
  if (error.kind == spool::SpoolFailure::NoSpace) {
    front_.reception.disk.failed({}, error.what);
    return {452, {4, 3, 1}, "The disk is nearly full, try again later"};
  }
  front_.reception.service.log().write(events::storage_trouble, {.message = message, .reason = error.what});
  return {451, {4, 3, 0}, "The message could not be stored, try again later"};
}

void Session::begin_message() {
  arrival_ = std::make_unique<Arrival>(Arrival{front_.reception.incoming.next_id(), front_.reception.incoming.new_sink(), {}, {}, {}, {}, {}, {}, 0, {}});
  for (const auto& field : open_->prepended) arrival_->sink.append(field);
  const bool tags_uris = policies_->policy.checks_uris && policies_->policy.tags_uris;
  if (is_to_be_scanned() && tags_uris) arrival_->marks.emplace(scan_and_uri_fields);
  else if (is_to_be_scanned()) arrival_->marks.emplace(scan_fields);
  else if (tags_uris) arrival_->marks.emplace(uri_fields);
  const auto& envelope = talk_.envelope();
  if (envelope.body_type == BodyType::BinaryMime) arrival_->lines.emplace();
  const std::string only = envelope.recipients.size() == 1 ? envelope.recipients[0].address.text() : std::string{};
  arrival_->sink.append(smtp::received_field({.kind = talk_.kind(),
                                              .helo = talk_.helo(),
                                              .client_address = client_,
                                              .our_name = policies_->hostname,
                                              .tls = talk_.tls() ? std::string_view(talk_.tls()->description) : std::string_view{},
                                              .id = arrival_->id,
                                              .recipient = only,
                                              .when = front_.reception.clock.wall(),
                                              .priority = envelope.priority}));
  arrival_->ours = arrival_->sink.octets();
  begin_checks();
}

Task<void> Session::append(std::string_view octets) {
  if (arrival_->trouble) co_return;
  if (arrival_->sink.should_spill()) {
    auto spilling = front_.reception.workers.run(front_.loop, [sink = &arrival_->sink] { return sink->spill(); });
    const auto spilled = co_await std::move(spilling);
    if (!spilled) {
      arrival_->trouble = smtp::Reply{451, {4, 3, 2}, "The server is too busy, try again later"};
    } else if (!*spilled) {
      arrival_->trouble = trouble_of(spilled->error(), arrival_->id);
    }
  }
  if (!arrival_->trouble) take_text(octets);
}

// RFC 3030 §3. Filters, signatures, mailboxes, and most next hops know lines only: it is made so once, here.
std::optional<smtp::Reply> Session::end_lines(Envelope& envelope) {
  std::string rest;
  arrival_->lines->finish(rest);
  take_lines(rest);
  envelope.body_type = arrival_->lines->eight_bit() ? BodyType::EightBitMime : BodyType::SevenBit;
  switch (arrival_->lines->flaw()) {
    case mime::BinaryToText::Flaw::None: return std::nullopt;
    case mime::BinaryToText::Flaw::HeaderTooLong: return smtp::Reply{554, {5, 6, 0}, "The message has a header that is too long"};
    case mime::BinaryToText::Flaw::NotLines: break;
  }
  return smtp::Reply{554, {5, 6, 0}, "What the message does not declare as binary (Content-Transfer-Encoding) is not lines that end with CR LF"};
}

Task<void> Session::commit(smtp::server::CommitMessage step) {
  Envelope envelope = std::move(step.envelope);
  const auto flaw = arrival_->lines && !arrival_->trouble ? end_lines(envelope) : std::nullopt;
  const auto arrival = std::move(arrival_);
  envelope.id = arrival->id;
  if (flaw) co_return refuse_message(*arrival, *flaw);
  if (!arrival->trouble) end_text(*arrival);
  auto attending = attend_escrow(*arrival, envelope);
  const auto attended = co_await std::move(attending);
  if (attended == AfterFilters::Answered) co_return;
  if (!arrival->trouble && !fits(*arrival, envelope)) co_return;
  if (!arrival->trouble) {
    auto filtering = filter_text(*arrival, envelope);
    const auto after = co_await std::move(filtering);
    if (after == AfterFilters::Answered) co_return;
  }
  // Last: what others did not let pass was not sent.
  if (!arrival->trouble && account_ != AccountId{}) {
    auto asking = check_sending(envelope.recipients.size());
    arrival->trouble = co_await std::move(asking);
  }
  envelope.accepted_at = front_.reception.clock.wall();
  const auto octets = arrival->sink.octets();
  auto storing = store_within_limits(*arrival, envelope, octets);
  const auto trouble = co_await std::move(storing);
  if (trouble && arrival->kept_back) {
    auto withdrawing = quarantine::withdraw(front_.loop, front_.reception.workers, std::move(arrival->kept_back->deposit));
    co_await std::move(withdrawing);
  }
  if (!trouble) {
    if (arrival->kept_back) keep_in_quarantine(*arrival, *arrival->kept_back);
    log_accepted(envelope, arrival->id, octets);
    tell_passed(*arrival, envelope);
    co_return settle(*arrival, {});
  }
  if (trouble->is_permanent()) co_return refuse_message(*arrival, *trouble);
  auto said = fields();
  const auto line = trouble->line();
  said.message = arrival->id;
  said.reply = line;
  front_.reception.service.log().write(events::mail_postponed, said);
  settle(*arrival, trouble);
}

// All sessions of the account take from the same room of what is held: only here is it certain.
Task<smtp::Verdict> Session::store_within_limits(Arrival& arrival, const Envelope& envelope, std::uint64_t octets) {
  if (arrival.trouble) co_return arrival.trouble;
  const bool counts = envelope.release && account_ != AccountId{};
  auto& held = front_.reception.held;
  if (counts && !held.enter(account_, held_limit(), octets, front_.loop.now())) co_return held_quota_reply;
  auto storing = store(arrival, envelope);
  auto trouble = co_await std::move(storing);
  if (trouble && counts) held.leave(account_, octets);
  co_return trouble;
}

Task<smtp::Verdict> Session::store(Arrival& arrival, const Envelope& envelope) {
  spool::SpoolResult<spool::MessageBody> body;
  if (arrival.sink.spilled()) {
    auto finishing = front_.reception.workers.run(front_.loop, [sink = &arrival.sink] { return sink->finish(); });
    auto done = co_await std::move(finishing);
    body = done ? std::move(*done) : failure(spool::SpoolError{spool::SpoolFailure::Stopped, "all workers are busy"});
  } else {
    body = arrival.sink.finish();
  }
  if (!body) co_return trouble_of(body.error(), arrival.id);
  Flushed flushing(front_.loop, front_.reception.incoming, {envelope, *std::move(body), {}});
  const auto flushed = co_await flushing;
  if (!flushed) co_return trouble_of(flushed.error(), arrival.id);
  front_.reception.disk.well({});
  co_return std::nullopt;
}

bool Session::fits(Arrival& arrival, Envelope& envelope) {
  const auto octets = arrival.sink.octets();
  for (const auto& [recipient, terms] : open_->terms) {
    if (terms.most_octets != 0 && octets > terms.most_octets)
      arrival.outcome.refuse(recipient, {552, {5, 3, 4}, "The mail is larger than the " + std::to_string(terms.most_octets) + " octets that are allowed here"});
    else if (octets > terms.room_octets && talk_.answers_each_recipient()) arrival.outcome.refuse(recipient, policy::mailbox_full(policies_->settings->smtp));
  }
  if (take_out_refused(arrival, envelope)) return true;
  settle(arrival, {});
  return false;
}

void Session::log_refused(const TraceId& id, const smtp::Reply& reply, std::string_view recipient) {
  auto said = fields();
  const auto line = reply.line();
  said.message = id;
  said.recipient = recipient;
  said.account = talk_.account();
  said.reply = line;
  front_.reception.service.log().write(events::mail_refused, said);
}

void Session::refuse_message(const Arrival& arrival, const smtp::Reply& reply) {
  log_refused(arrival.id, reply);
  settle(arrival, reply);
}

void Session::settle(const Arrival& arrival, const smtp::Verdict& of_others) {
  std::vector<smtp::Verdict> verdicts;
  for (const auto& one : talk_.envelope().recipients) {
    const auto recipient = one.address.text();
    const auto* refused = arrival.outcome.refused(recipient);
    if (refused != nullptr) log_refused(arrival.id, *refused, recipient);
    verdicts.push_back(refused != nullptr ? smtp::Verdict(*refused) : of_others);
  }
  talk_.recipients_settled(arrival.id, verdicts);
}

void Session::log_accepted(const Envelope& envelope, const TraceId& id, std::uint64_t octets) {
  auto& log = front_.reception.service.log();
  auto said = fields();
  const auto sender = envelope.reverse_path.text();
  const auto first = envelope.recipients.front().address.text();
  said.message = id;
  said.sender = sender;
  said.null_sender = sender.empty();
  said.recipient = first;
  said.count = envelope.recipients.size();
  said.account = envelope.account;
  said.helo = envelope.client_helo;
  said.octets = octets;
  if (talk_.tls()) said.tls = std::string_view(talk_.tls()->description).substr(0, talk_.tls()->description.find(' '));
  log.write(events::mail_accepted, said);
  log.write(events::transaction_ok, said);
}

}  // namespace hikyaku::receive
