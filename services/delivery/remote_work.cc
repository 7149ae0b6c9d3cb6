// What happens in a delivery slot: take a connection, carry out jobs of one destination until none is left, and keep the
// books of which destinations answer.
#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

std::vector<Attempt> same_for_all(const std::vector<std::uint32_t>& recipients, const Attempt& attempt) {
  std::vector<Attempt> attempts(recipients.size(), attempt);
  for (std::size_t n = 0; n < recipients.size(); ++n) attempts[n].recipient = recipients[n];
  return attempts;
}

}  // namespace

void Delivery::pump() {
  if (stopping_) return;
  while (auto slot = lanes_.next()) parts_.loop.spawn(work(std::move(*slot)));
}

io::Task<std::string> Delivery::read_text(const Message& message, TextStream& text, std::uint64_t octets) {
  if (!text.reader) text.reader = parts_.spool.text(message.ref, message.envelope.body_octets);
  auto work = parts_.workers.run(parts_.loop, [&] { return text.reader->next(octets); });
  auto ran = co_await std::move(work);
  if (ran && *ran) co_return std::move(**ran);
  const std::string why = ran ? ran->error().what : "all workers are busy";
  if (ran && ran->error().kind == spool::SpoolFailure::Damaged) text.damage = why;
  parts_.log.write(telemetry::events::storage_trouble, {.message = message.ref.id, .reason = why});
  co_return std::string{};
}

io::Task<std::string> Delivery::read_beginning(const Message& message, std::uint64_t octets) {
  const auto reader = parts_.spool.text(message.ref, message.envelope.body_octets);
  auto work = parts_.workers.run(parts_.loop, [&]() -> spool::SpoolResult<std::string> {
    TRY(beginning, reader->next(octets));
    TRY_VOID(reader->verify_rest());
    return beginning;
  });
  auto ran = co_await std::move(work);
  if (ran && *ran) co_return std::move(**ran);
  parts_.log.write(telemetry::events::storage_trouble,
                   {.message = message.ref.id, .reason = ran ? ran->error().what : "all workers are busy"});
  co_return std::string{};
}

io::Task<void> Delivery::work(Slot slot) {
  auto session = sessions_.take(slot.destination);
  while (!stopping_) {
    auto job = lanes_.take_job(slot);
    if (!job) break;
    auto carrying = carry_out(session, std::move(*job), slot);
    const bool goes_on = co_await std::move(carrying);
    if (!goes_on) break;
  }
  if (session) sessions_.put(slot.destination, std::move(session));
  lanes_.release(slot);
  pump();
}

// A session for the job, or null: then the job's recipients, and all that waits for the destination, have been told.
io::Task<std::unique_ptr<RemoteSession>> Delivery::open_session(const std::string& destination, const RemoteJob& job) {
  auto looking = parts_.lookup.candidates(job.hop);
  auto candidates = co_await std::move(looking);
  Attempt failed;
  if (candidates) {
    auto opening = RemoteSession::open(parts_.loop, std::move(*candidates), settings_.session);
    auto opened = co_await std::move(opening);
    if (opened) {
      destination_answers(destination);
      co_return std::move(*opened);
    }
    failed = std::move(opened).error();
  } else {
    failed.failure = candidates.error().failure == FailureClass::Refused ? FailureClass::Name : FailureClass::NoDnsAnswer;
    failed.status = candidates.error().status;
    failed.explanation = candidates.error().explanation;
  }
  if (parts_.loop.stopping()) co_return nullptr;  // our stop is nobody's failure
  if (limit_of(failed.failure) == Limit::Period) destination_is_down(destination, failed);
  auto finishing = finish(job.message, same_for_all(job.recipients, failed), destination);
  co_await std::move(finishing);
  co_return nullptr;
}

// False: this slot has no more to do.
io::Task<bool> Delivery::carry_out(std::unique_ptr<RemoteSession>& session, RemoteJob job, Slot slot) {
  TextStream text;
  const ReadText reader = [this, &text](const Message& message, std::uint64_t offset, std::uint64_t octets) {
    if (offset == 0) text = {};
    return read_text(message, text, octets);
  };
  for (;;) {
    const bool reused = session != nullptr && session->usable();
    if (!reused) {
      if (session) sessions_.put(slot.destination, std::move(session));  // says goodbye
      auto opening = open_session(slot.destination, job);
      session = co_await std::move(opening);
      if (!session) co_return !deferred_.gated(slot.destination);
    }
    // More recipients than the peer takes at once: the rest is a job of its own.
    if (const std::size_t most = session->recipient_limit(); job.recipients.size() > most) {
      RemoteJob rest{job.message, {job.recipients.begin() + static_cast<std::ptrdiff_t>(most), job.recipients.end()}, job.hop};
      job.recipients.resize(most);
      lanes_.add(slot.lane, slot.destination, std::move(rest));
    }
    auto delivering = session->deliver(job.message, job.recipients, reader);
    auto attempts = co_await std::move(delivering);
    if (attempts.empty()) {  // the text could not be read: our own trouble
      session.reset();
      if (!text.damage.empty()) {
        auto finishing = finish(job.message, same_for_all(job.recipients, damaged_message(0, text.damage)), slot.destination);
        co_await std::move(finishing);
        co_return true;
      }
      parts_.loop.spawn(dispatch_later(job.message, job.recipients, slot.lane));
      co_return true;
    }
    if (reused && session->was_stale()) continue;  // session is not usable any more: a new one is opened
    if (parts_.loop.stopping()) {
      // Our stop is nobody's failure; what the peer took is written down all the same, or it would get it twice.
      std::erase_if(attempts, [](const Attempt& attempt) { return attempt.result == AttemptResult::Failed; });
      if (attempts.empty()) co_return false;
    }
    auto finishing = finish(job.message, std::move(attempts), slot.destination);
    co_await std::move(finishing);
    co_return true;
  }
}

void Delivery::destination_answers(const std::string& destination) {
  if (down_.erase(destination) == 0) return;
  deferred_.ungate(destination);
  if (timer_ != nullptr) timer_->wake(io::Wake::Ready);
}

// One gate instead of an attempt for each message: fresh mail that waits is deferred without being tried, what was
// deferred before stays untouched but for those whose period is over.
void Delivery::destination_is_down(const std::string& destination, const Attempt& failed) {
  auto& state = down_[destination];
  ++state.failures;
  state.last = failed;
  const auto wait = wait_after(settings_.retry.rules_for("", destination).rule(failed.failure), state.failures);
  deferred_.gate(destination, parts_.clock.wall() + std::chrono::duration_cast<std::chrono::microseconds>(wait));
  for (const Lane lane : {Lane::Fresh, Lane::Retry})
    for (auto& job : lanes_.drain(destination, lane))
      parts_.loop.spawn(finish(job.message, same_for_all(job.recipients, failed), destination));
  parts_.loop.spawn(give_up_expired(destination, failed));
}

io::Task<void> Delivery::give_up_expired(std::string destination, Attempt failed) {
  const auto expired = deferred_.take_expired(destination, parts_.clock.wall());
  for (const auto& entry : expired) {
    if (stopping_) co_return;  // the spool keeps them
    Message message{{entry.message, 0, {}}, {}, {}};
    auto work = parts_.workers.run(parts_.loop, [&] { return recall(message); });
    auto ran = co_await std::move(work);
    std::optional<spool::SpoolError> trouble;
    if (!ran) trouble = spool::SpoolError{spool::SpoolFailure::Broken, "all workers are busy"};
    else trouble = std::move(*ran);
    if (trouble) look_again_later(destination, entry, *trouble);
    if (trouble || !message.history.contains(entry.recipient)) continue;
    auto finishing = finish(hold(std::move(message), Lane::Retry), same_for_all({entry.recipient}, failed), destination);
    co_await std::move(finishing);
  }
}

}  // namespace hikyaku::delivery
