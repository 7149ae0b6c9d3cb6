// What happens in a delivery slot: take a connection, carry out jobs of one destination until none is left, and keep the
// books of which destinations answer.
#include <algorithm>

#include "base/base64.h"
#include "services/delivery/delivery.h"
#include "services/directory/verifier.h"

namespace hikyaku::delivery {
namespace {

auto talk_logger(telemetry::Log& log) {
  return [&log](const TraceId& message, std::string_view next_hop, smtp::Speaker who, std::string_view line) {
    const std::string text = (who == smtp::Speaker::Client ? "C: " : "S: ") + std::string(line);
    telemetry::Fields said{.next_hop = next_hop};
    if (message.sequence != 0) said.message = message;
    said.text = text;
    log.write(telemetry::events::sender_said, said);
  };
}

constexpr unsigned most_tries_to_read = 5;
constexpr auto dns_pause = std::chrono::seconds{15};
constexpr Duration goodbye_time = 8s;  // until a connection that is closed on our side counts no more

void put_first(std::vector<Candidate>& candidates, const std::string& host) {
  std::vector<Candidate> ordered;
  for (const bool preferred : {true, false})
    for (const auto& one : candidates)
      if ((one.host == host) == preferred) ordered.push_back(one);
  candidates = std::move(ordered);
}

// What the message wishes of TLS, as far as it binds the session (RFC 8689 §5: an error mail goes all the same).
TlsWish binding_wish(const Message& message) {
  const auto wish = message.envelope.tls_wish;
  return wish == TlsWish::Require && message.envelope.reverse_path.is_null() ? TlsWish::None : wish;
}

// Sessions are kept for messages of the same wish only.
std::string session_key(const RemoteJob& job) {
  switch (binding_wish(*job.message)) {
    case TlsWish::Require: return job.hop.key() + " requiretls";
    case TlsWish::Waive: return job.hop.key() + " tls-waived";
    case TlsWish::None: break;
  }
  return job.hop.key();
}

}  // namespace

void Delivery::pump() {
  if (stopping_) return;
  scheduler_.at(parts_.clock.wall());
  while (auto slot = scheduler_.next()) {
    // However many retries are ready at once, fresh mail's steps do not wait for theirs.
    const auto precedence = slot->lane == Lane::Fresh ? io::Precedence::Ordinary : io::Precedence::Background;
    const bool waits_aside = asides_.contains(slot->destination);
    parts_.loop.spawn(waits_aside ? try_again_to_sign(std::move(*slot)) : work(std::move(*slot)), precedence);
  }
}

Task<std::string> Delivery::read_text(const Message& message, TextStream& text, std::uint64_t octets) {
  if (!text.reader && octets == message.envelope.body_octets)
    if (auto whole = parts_.spool.text_at_hand(message.ref, octets)) co_return std::move(*whole);
  if (!text.reader) text.reader = parts_.spool.text(message.ref, message.envelope.body_octets);
  auto work = parts_.workers.run(parts_.loop, [&] { return text.reader->next(octets); });
  auto ran = co_await std::move(work);
  if (ran && *ran) co_return std::move(**ran);
  const std::string why = ran ? ran->error().what : "all workers are busy";
  if (ran && ran->error().kind == spool::SpoolFailure::Damaged) text.damage = why;
  parts_.log.write(telemetry::events::storage_trouble, {.message = message.ref.id, .reason = why});
  co_return std::string{};
}

Task<std::string> Delivery::read_beginning(const Message& message, std::uint64_t octets) {
  for (unsigned tries = 1;; ++tries) {
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
    if (tries == most_tries_to_read || (ran && spool::is_gone_for_good(ran->error().kind))) co_return std::string{};
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(1s));
    if (outcome == io::Wake::Cancelled) co_return std::string{};
  }
}

// Domains with the same MX hosts share slots and state, but each its own connections: what was agreed on with the peer for
// one domain (TLS) may be less than what another demands.
void Delivery::change_session(std::unique_ptr<RemoteSession>& session, std::string& hop, const std::string& wanted, const Slot& slot) {
  if (hop == wanted) return;
  if (session) {
    scheduler_.session_closed(slot.destination);
    put_away(slot.destination, hop, std::move(session));
  }
  hop = wanted;
  if (!wanted.empty()) session = sessions_.take(wanted);
  if (session) scheduler_.session_opened(slot.destination, parts_.clock.wall(), Scheduler::Session::Kept);
}

Task<void> Delivery::work(Slot slot) {
  std::unique_ptr<RemoteSession> session;
  std::string hop;  // whose session it is
  while (!stopping_) {
    scheduler_.at(parts_.clock.wall());
    auto job = scheduler_.take(slot);
    if (!job) break;
    CauseWatch watch(parts_.clock, waited_in_lane(slot, *job));
    const UnderWay here(running_, next_run_++, {job->ref.id, slot.destination, &watch, slot.lane});
    if (!job->message) {
      watch.turn(Cause::Disk);
      auto reading = read_back(*job, slot, watch);
      const bool wanted = co_await std::move(reading);
      if (!wanted) continue;
    }
    leave_changed(*job);
    if (leave_held(*job, slot.destination)) {
      scheduler_.probe_is_gone(slot.destination);
      continue;
    }
    if (give_back_late(job->message, job->recipients, slot.destination, parts_.clock.wall())) {
      scheduler_.probe_is_gone(slot.destination);
      continue;
    }
    const InHand::Busy busy(in_hand_, *job->message, job->recipients);
    if (job->recipients.empty()) {
      scheduler_.probe_is_gone(slot.destination);
      continue;
    }
    change_session(session, hop, session_key(*job), slot);
    auto carrying = carry_out(session, std::move(*job), slot, here.run());
    const bool goes_on = co_await std::move(carrying);
    if (!goes_on) break;
  }
  change_session(session, hop, "", slot);
  scheduler_.release(slot, parts_.clock.wall());
  wake_timers();
  pump();
}

void Delivery::put_away(const std::string& destination, const std::string& key, std::unique_ptr<RemoteSession> session) {
  const bool too_many = connections_->count(destination) - connections_->closing(destination) > scheduler_.connections_of(destination);
  if (too_many) sessions_.dismiss(std::move(session));
  else sessions_.put(key, std::move(session));
}

// Who is at work, or connects, has a slot, and slots keep to the limit: only what is kept or on its way out can be too many.
Task<void> Delivery::make_room(const std::string& destination, CauseWatch& watch) {
  const auto give_up = parts_.loop.after(goodbye_time);
  while (connections_->count(destination) >= scheduler_.connections_of(destination)) {
    const auto beyond = connections_->count(destination) + 1 - scheduler_.connections_of(destination);
    if (const auto closing = connections_->closing(destination); beyond > closing) sessions_.dismiss_some(destination, beyond - closing);
    if (connections_->closing(destination) == 0) co_return;
    watch.turn(Cause::Rate);
    const auto outcome = co_await connections_->given_back().wait(parts_.loop, give_up);
    if (outcome != io::Wake::Ready) co_return;
  }
}

auto Delivery::open_session(Slot slot, RemoteJob& job, CauseWatch& watch) -> Task<Result<std::unique_ptr<RemoteSession>, NoSession>> {
  const auto& destination = slot.destination;
  auto making = make_room(destination, watch);
  co_await std::move(making);
  auto place = connections_->take(destination);
  auto opening = open_hop(destination, job.hop, binding_wish(*job.message), watch);
  auto opened = co_await std::move(opening);
  if (opened) {
    (*opened)->hold(std::move(place));
    scheduler_.session_opened(destination, parts_.clock.wall());
    wake_timers();
    co_return std::move(*opened);
  }
  watch.turn(Cause::Disk);
  Attempt failed = std::move(opened).error();
  if (parts_.loop.stopping()) co_return failure(NoSession::Told);  // our stop is nobody's failure
  if (failed.failure == FailureClass::NoDnsAnswer && blame_our_dns(destination, job, slot.lane)) co_return failure(NoSession::Told);
  if (failed.failure == FailureClass::Name) dns_answered();
  if (limit_of(failed.failure) == Limit::Period && destination_is_silent(destination, failed) == Scheduler::Setback::TurnedAway && !watch.ended_early()) {
    watch.turn(Cause::Rate);
    job.spent = std::make_shared<const CauseClock>(watch.clock());
    if (scheduler_.take_back(slot, job)) co_return failure(NoSession::PutBack);
  }
  place = {};
  failed.spent = watch.clock();
  auto finishing = finish(job.message, same_for_all(job.recipients, failed), destination);
  co_await std::move(finishing);
  co_return failure(NoSession::Told);
}

Task<Delivery::Opened> Delivery::open_hop(const std::string& destination, NextHop hop, TlsWish wish, CauseWatch& watch) {
  const auto& terms = hop.terms();
  const auto now = parts_.loop.now();
  const auto use = terms.fallback.name.empty() ? FallbackWatch::Use::Own : fallbacks_.use(destination, terms.fallback_after, now);
  Opened own = failure(Attempt{});
  if (use != FallbackWatch::Use::Fallback) {
    auto opening = open_hosts(destination, hop, wish, watch);
    own = co_await std::move(opening);
    if (terms.fallback.name.empty() || parts_.loop.stopping()) co_return std::move(own);
    if (own) fallbacks_.answered(destination);
    else fallbacks_.failed(destination, parts_.loop.now());
    if (own || watch.ended_early() || fallbacks_.use(destination, terms.fallback_after, parts_.loop.now()) == FallbackWatch::Use::Own) co_return std::move(own);
  }
  auto opening = open_hosts(destination, fallback_of(*hop.route), wish, watch);
  auto other = co_await std::move(opening);
  co_return std::move(other);
}

Task<Delivery::Opened> Delivery::open_hosts(const std::string& destination, NextHop hop, TlsWish wish, CauseWatch& watch, Duration most) {
  Attempt failed;
  std::optional<sasl::ClientContext> login;
  if (const auto& user = hop.terms().login; !user.empty()) {
    const auto secret = parts_.logins != nullptr ? parts_.logins->find(user) : std::nullopt;
    if (!secret) {
      failed.failure = FailureClass::Policy;
      failed.status = "4.7.0";
      failed.explanation = "The secret of the login " + user + " is not set. Remedy: hikyaku route secret " + user;
      co_return failure(std::move(failed));
    }
    login = sasl::ClientContext{.user = user, .password = *secret, .client_nonce = base64_encode(directory::random_octets(18))};
  }
  watch.turn(Cause::Dns);
  auto looking = parts_.lookup.candidates(hop, wish == TlsWish::Waive ? Published::Waived : Published::Counts);
  auto candidates = co_await std::move(looking);
  if (!candidates) {
    const auto why = candidates.error().failure;
    failed.failure = why == FailureClass::Refused ? FailureClass::Name : why == FailureClass::Tls ? why : FailureClass::NoDnsAnswer;
    if (failed.failure == FailureClass::Tls) dns_answered();
    failed.status = candidates.error().status;
    failed.explanation = candidates.error().explanation;
    co_return failure(std::move(failed));
  }
  dns_answered();
  // A greylist must see the same way of ours again: the host that put us off first.
  if (const auto preferred = scheduler_.preferred_host(destination); !preferred.empty()) put_first(*candidates, preferred);
  const bool by_named_hosts = hop.via != Via::Mx;
  auto under = RemoteSession::as_wished(under_terms(settings_.session, hop.terms(), std::move(login)), wish);
  // A secret is not told to whomever DNS names: their certificate must.
  if (under.login && !by_named_hosts) under.tls_use = smtp::TlsUse::Required, under.check = io::PeerCheck::Name;
  if (hop.via == Via::Mx && wish != TlsWish::Waive) under.domain = hop.name;
  under.connect_time = std::min(under.connect_time, most);
  under.reply_time = std::min(under.reply_time, most);
  if (parts_.log.wants(telemetry::events::sender_said)) under.heard = talk_logger(parts_.log);
  auto opening = RemoteSession::open(parts_.loop, std::move(*candidates), std::move(under), &watch);
  auto opened = co_await std::move(opening);
  co_return std::move(opened);
}

// False: this slot has no more to do.
Task<bool> Delivery::carry_out(std::unique_ptr<RemoteSession>& session, RemoteJob job, Slot slot, Run& run) {
  TextStream text;
  CauseWatch& watch = *run.watch;
  auto signing = signed_above(job, slot, watch);
  const auto above = co_await std::move(signing);
  if (!above) {
    co_await parts_.loop.yield();  // however many there are
    co_return !parts_.loop.stopping();
  }
  const ReadText reader = [this, &text](const Message& message, std::uint64_t offset, std::uint64_t octets) {
    if (offset == 0) text = {};
    return read_text(message, text, octets);
  };
  for (;;) {
    const bool reused = session != nullptr && session->usable();
    if (!reused) {
      if (session) {
        scheduler_.session_closed(slot.destination);
        sessions_.dismiss(std::move(session));
      }
      run.peer_since = parts_.loop.now();
      auto opening = open_session(slot, job, watch);
      auto opened = co_await std::move(opening);
      run.peer_since = Instant::max();
      if (!opened) co_return opened.error() == NoSession::Told && scheduler_.health(slot.destination) != Health::Down;
      session = std::move(*opened);
    }
    // More recipients than the peer takes at once: the rest is a job of its own.
    if (const std::size_t most = session->recipient_limit(); job.recipients.size() > most) {
      RemoteJob rest{job.ref, {job.recipients.begin() + static_cast<std::ptrdiff_t>(most), job.recipients.end()}, job.message, job.hop, {}, {}, job.priority};
      job.recipients.resize(most);
      scheduler_.add_rest(slot, std::move(rest));
    }
    const auto began = parts_.loop.now();
    run.peer_since = began;
    auto delivering = session->deliver(job.message, job.recipients, reader, parts_.clock, &watch, *above);
    auto attempts = co_await std::move(delivering);
    run.peer_since = Instant::max();
    watch.turn(Cause::Disk);
    if (attempts.empty()) {  // the text could not be read: our own trouble
      scheduler_.session_closed(slot.destination);
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
    for (auto& attempt : attempts) attempt.spent = watch.clock();
    scheduler_.concluded(slot.destination, *job.message, attempts, parts_.loop.now() - began, parts_.clock.wall());
    // Only then the next message: what a kill makes come twice is one transaction a connection, its last.
    auto finishing = finish(job.message, std::move(attempts), slot.destination);
    co_await std::move(finishing);
    co_return true;
  }
}

// One gate instead of an attempt for each message: fresh mail that waits is deferred without being tried, what was
// deferred before stays untouched but for those whose period is over.
Scheduler::Setback Delivery::destination_is_silent(const std::string& destination, const Attempt& failed) {
  std::vector<RemoteJob> untried;
  const auto others = connections_->count(destination) - connections_->closing(destination) - 1;  // the failed one has its place still
  const auto setback = scheduler_.session_failed(destination, failed, parts_.clock.wall(), others, untried);
  for (auto& job : untried) {
    if (job.message) parts_.loop.spawn(finish(job.message, same_for_all(job.recipients, failed), destination));
    else parts_.loop.spawn(defer_parked(std::move(job), destination, failed));
  }
  if (setback == Scheduler::Setback::Down) parts_.loop.spawn(give_up_expired(destination, failed), io::Precedence::Background);
  return setback;
}

Task<void> Delivery::defer_parked(RemoteJob job, std::string destination, Attempt failed) {
  Message message{job.ref, {}, {}};
  auto work = parts_.workers.run(parts_.loop, [&] { return recall(message); });
  in_hand_.leave(job.ref.id, job.recipients);
  auto ran = co_await std::move(work);
  in_hand_.leave(job.ref.id, job.recipients);
  if (job.recipients.empty()) co_return;
  if (!ran || *ran) {
    const spool::SpoolError trouble = ran ? std::move(**ran) : spool::SpoolError{spool::SpoolFailure::Broken, "all workers are busy"};
    auto queueing = queue_again_later(std::move(job), Slot{Lane::Fresh, destination}, trouble);
    co_await std::move(queueing);
    co_return;
  }
  auto finishing = finish(hold(std::move(message), Lane::Fresh), same_for_all(job.recipients, failed), destination);
  co_await std::move(finishing);
}

bool Delivery::blame_our_dns(const std::string& destination, const RemoteJob& job, Lane lane) {
  const auto now = parts_.clock.wall();
  if (!dns_.failed(destination, now)) return false;
  scheduler_.pause(destination, now + dns_pause);
  scheduler_.add_rest(Slot{lane, destination}, job);
  return true;
}

void Delivery::dns_answered() {
  if (const auto since = dns_.answered()) parts_.ledger.add_pause(*since, parts_.clock.wall());
}

}  // namespace hikyaku::delivery
