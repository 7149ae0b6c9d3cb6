#include "services/delivery/remote_session.h"

#include <algorithm>

#include "io/listener.h"

namespace hikyaku::delivery {
namespace {

// RFC 2852 §4.1.4: what is left of the time, as MAIL is said.
std::optional<smtp::ByRequest> by_now(const Envelope& envelope, WallTime now) {
  if (!envelope.deliver_by) return std::nullopt;
  const auto left = std::chrono::floor<std::chrono::seconds>(envelope.deliver_by->deadline - now).count();
  const auto seconds = std::clamp<std::int64_t>(left, -smtp::most_seconds, smtp::most_seconds);
  return smtp::ByRequest{static_cast<std::int32_t>(seconds), envelope.deliver_by->mode, envelope.deliver_by->trace};
}

bool outgoing_demands_time(const Envelope& envelope) { return envelope.deliver_by && envelope.deliver_by->mode == ByMode::Return; }

// §4.1.4.1: a next hop that cannot keep to the time is no use later either; nobody else is asked (§7).
void settle_time(const smtp::RecipientOutcome& outcome, Attempt& attempt) {
  const auto& code = outcome.reply.enhanced;
  const bool of_time = code == smtp::EnhancedCode{5, 4, 7} || code == smtp::EnhancedCode{5, 3, 3};
  if (outcome.klass == smtp::OutcomeClass::Refused && !outcome.said_by_peer && of_time) attempt.again = Again::Pointless;
}


constexpr std::uint64_t text_piece = 256 << 10;
constexpr std::size_t most_candidates = 10;
constexpr std::uint32_t default_recipients = 100;  // RFC 5321 §4.5.3.1.8: every server takes as many

// Which silence it was: each cause has a rule of its own.
FailureClass silence_of(io::IoFailure failure) {
  switch (failure) {
    case io::IoFailure::TimedOut: return FailureClass::Timeout;
    case io::IoFailure::Refused: return FailureClass::ConnectionRefused;
    case io::IoFailure::Unreachable: return FailureClass::Unreachable;
    case io::IoFailure::Closed:
    case io::IoFailure::Reset: return FailureClass::LineCut;
    case io::IoFailure::Tls: return FailureClass::Tls;
    default: return FailureClass::NoAnswer;
  }
}

Attempt no_answer(std::string explanation, const Candidate& candidate, FailureClass cause) {
  Attempt attempt;
  attempt.failure = cause;
  attempt.status = "4.4.1";
  attempt.explanation = std::move(explanation);
  attempt.remote_mta = candidate.host;
  return attempt;
}

TlsResult result_of(io::TlsVerdict verdict, bool secured) {
  switch (verdict) {
    case io::TlsVerdict::NotChecked:
    case io::TlsVerdict::Good: return secured ? TlsResult::Success : TlsResult::ValidationFailure;
    case io::TlsVerdict::WrongName: return TlsResult::CertificateHostMismatch;
    case io::TlsVerdict::Expired: return TlsResult::CertificateExpired;
    case io::TlsVerdict::Untrusted: return TlsResult::CertificateNotTrusted;
    case io::TlsVerdict::NoTlsaMatch:
    case io::TlsVerdict::Wrong: return TlsResult::ValidationFailure;
  }
  return TlsResult::ValidationFailure;
}

// RFC 8689 §4.2.1: the sender is told at once; the demand is not met by waiting.
Attempt refused_by_wish(std::string status, std::string explanation, const Candidate& candidate) {
  Attempt attempt;
  attempt.failure = FailureClass::Refused;
  attempt.status = std::move(status);
  attempt.explanation = std::move(explanation);
  attempt.remote_mta = candidate.host;
  return attempt;
}
Attempt tls_demanded(const std::string& why, const Candidate& candidate) {
  return refused_by_wish("5.7.10", "The sender demands TLS with a verified host (REQUIRETLS): " + why, candidate);
}

// What is published about the host, demanded at every attempt anew: no retry is weaker.
void demand_published(SessionSettings& settings, const HostTls& published) {
  if (published.demanded()) settings.tls_use = smtp::TlsUse::Required;
  if (published.by == HostTls::By::Dane) settings.check = io::PeerCheck::Dane;
  else if (published.demanded()) settings.check = io::PeerCheck::Name;
  else if (settings.check == io::PeerCheck::None) settings.check = io::PeerCheck::NameNoted;
}

smtp::ClientSettings conversation_settings(const SessionSettings& settings, smtp::TlsUse tls) {
  smtp::ClientSettings client;
  client.our_name = settings.our_name;
  client.protocol = settings.protocol;
  // Without a TLS library's context nothing can be encrypted: where TLS is demanded no mail goes, else in the clear.
  client.tls = settings.tls || tls == smtp::TlsUse::Required ? tls : smtp::TlsUse::Never;
  client.login = settings.login;
  client.mechanism = settings.mechanism;
  return client;
}

}  // namespace

SessionSettings under_terms(SessionSettings settings, const directory::RouteTerms& terms, std::optional<sasl::ClientContext> login) {
  using directory::RouteTls;
  if (terms.protocol == directory::RouteProtocol::Lmtp) settings.protocol = smtp::ClientProtocol::Lmtp;
  if (terms.tls == RouteTls::None) settings.tls_use = smtp::TlsUse::Never;
  if (terms.tls == RouteTls::Required || terms.tls == RouteTls::Verified) settings.tls_use = smtp::TlsUse::Required;
  if (terms.tls == RouteTls::Verified) settings.check = io::PeerCheck::Name;
  settings.as_published = terms.tls == RouteTls::Default || terms.tls == RouteTls::Required;
  settings.login = std::move(login);
  settings.mechanism = terms.mechanism;
  for (const auto& source : terms.sources)
    if (const auto address = io::IpAddress::parse(source)) settings.sources.push_back(*address);
  return settings;
}

SessionSettings RemoteSession::as_wished(SessionSettings settings, TlsWish wish) {
  settings.wish = wish;
  if (wish == TlsWish::Waive) settings.as_published = false;
  if (wish == TlsWish::Require) {
    settings.as_published = true;
    settings.tls_use = smtp::TlsUse::Required;
    settings.check = io::PeerCheck::Name;
  }
  return settings;
}

std::optional<Attempt> RemoteSession::unfit_for_wish() const {
  if (settings_.wish != TlsWish::Require) return std::nullopt;
  if (connection_->tls_verdict() != io::TlsVerdict::Good) return tls_demanded("Its certificate cannot be verified", candidate_);
  if (!talk_.peer().require_tls) return refused_by_wish("5.7.30", "The peer does not offer REQUIRETLS, which the sender demands", candidate_);
  return std::nullopt;
}

RemoteSession::RemoteSession(io::Loop& loop, std::unique_ptr<io::Connection> connection, Candidate candidate,
                             SessionSettings settings, smtp::TlsUse tls)
    : loop_(loop), connection_(std::move(connection)), candidate_(std::move(candidate)), settings_(std::move(settings)),
      talk_(conversation_settings(settings_, tls)) {
  if (settings_.heard)
    talk_.overhear([this](smtp::Speaker who, std::string_view line) { settings_.heard(about_, peer_text(), who, line); });
}

Duration RemoteSession::limit_of(smtp::ClientWait wait) const {
  return wait == smtp::ClientWait::DataEnd ? 2 * settings_.reply_time : settings_.reply_time;
}

std::uint32_t RemoteSession::recipient_limit() const {
  return talk_.peer().recipient_limit != 0 ? talk_.peer().recipient_limit : default_recipients;
}

std::string RemoteSession::tls_version() const {
  const auto details = connection_->tls_details();
  return details ? details->version : std::string{};
}

void RemoteSession::lose(const io::IoError& error) {
  if (error.kind == io::IoFailure::Interrupted) {
    silence_ = FailureClass::Timeout;
    return talk_.connection_lost("it was still not ready while other mail waited for the connection it held");
  }
  silence_ = silence_of(error.kind);
  talk_.connection_lost(error.what);
}

Task<smtp::ClientStep> RemoteSession::drive() {
  Deadline reply_until{};  // of a whole reply, however many octets it comes in
  std::optional<std::uint64_t> replies_before;
  for (;;) {
    auto step = talk_.next();
    if (auto* send = std::get_if<smtp::client::Send>(&step)) {
      auto writing = connection_->write(send->bytes, loop_.after(settings_.reply_time));
      const auto written = co_await std::move(writing);
      if (!written) lose(written.error());
    } else if (const auto* need = std::get_if<smtp::client::NeedInput>(&step)) {
      if (replies_before != talk_.replies_taken()) {
        replies_before = talk_.replies_taken();
        reply_until = loop_.after(limit_of(need->wait));
      }
      auto reading = connection_->read(reply_until);
      const auto got = co_await std::move(reading);
      if (got) talk_.receive(*got);
      else lose(got.error());
      connection_->release_buffer();
    } else if (std::holds_alternative<smtp::client::StartTls>(step)) {
      turn(Cause::Tls);
      auto starting = start_tls();
      co_await std::move(starting);
      turn(Cause::Reply);
    } else {
      co_return step;
    }
  }
}

Task<void> RemoteSession::start_tls() {
  const auto deadline = loop_.after(settings_.reply_time);
  const auto& published = candidate_.tls;
  auto handshake = settings_.check == io::PeerCheck::Dane
                       ? connection_->start_tls_client(settings_.tls, published->name, published->domain, published->tlsa, deadline)
                       : connection_->start_tls_client(settings_.tls, candidate_.host, settings_.check, {}, deadline);
  const auto secured = co_await std::move(handshake);
  if (!secured && secured.error().kind == io::IoFailure::Interrupted) {  // our own end of it
    lose(secured.error());
    co_return;
  }
  observe_tls(result_of(connection_->tls_verdict(), secured.has_value()), secured ? std::string() : secured.error().what);
  if (!secured) {
    tls_failed_ = true;
    silence_ = FailureClass::Tls;
    talk_.connection_lost("the TLS handshake failed: " + secured.error().what);
    co_return;
  }
  smtp::ClientTls facts;
  if (auto binding = connection_->tls_exporter()) facts.channel_binding = sasl::ChannelBinding{.data = std::move(*binding)};
  talk_.tls_started(std::move(facts));
}

void RemoteSession::observe_tls(TlsResult result, const std::string& reason) {
  if (!settings_.observe || settings_.domain.empty() || std::exchange(observed_, true)) return;
  TlsObservation seen{settings_.domain, TlsPolicyKind::NotFound, {}, result, candidate_.host, candidate_.address.ip().to_string(),
                      connection_->local().ip().to_string(), reason};
  if (const auto& published = candidate_.tls; published && published->by == HostTls::By::Dane) {
    seen.kind = TlsPolicyKind::Tlsa;
    for (const auto& record : published->tlsa) seen.policy.push_back(io::tlsa_text(record));
  } else if (published) {
    seen.kind = TlsPolicyKind::Sts;
    seen.policy = policy_lines(*published->sts);
    if (!published->listed && result == TlsResult::Success) {
      seen.result = TlsResult::ValidationFailure;
      seen.reason = "the policy does not list the host";
    }
  }
  settings_.observe(seen);
}

// A session that came to mail, or to the want of TLS, without a handshake.
void RemoteSession::observe_session() {
  if (settings_.tls_use == smtp::TlsUse::Never || !talk_.greeted() || talk_.is_encrypted() || tls_failed_) return;
  observe_tls(TlsResult::StarttlsNotSupported, talk_.peer().starttls ? "STARTTLS was offered and refused" : "STARTTLS was not offered");
}

std::string RemoteSession::tls_text() const {
  auto text = tls_version();
  if (connection_->tls_verdict() != io::TlsVerdict::Good) return text;
  if (settings_.check == io::PeerCheck::Dane) return text + " dane";
  return text + (candidate_.tls ? " mta-sts" : " verified");
}

std::optional<io::SocketAddress> RemoteSession::source_for(const Candidate& candidate, const SessionSettings& settings) {
  const auto is_v6 = [](const io::IpAddress& address) { return address.to_string().find(':') != std::string::npos; };
  for (const auto& source : settings.sources)
    if (is_v6(source) == is_v6(candidate.address.ip())) return io::SocketAddress(source, 0);
  return std::nullopt;
}

Task<Result<void, Attempt>> RemoteSession::begin() {
  auto driving = drive();
  const auto step = co_await std::move(driving);
  ready_ = std::holds_alternative<smtp::client::Ready>(step);
  observe_session();
  if (ready_) co_return Result<void, Attempt>{};
  const auto* closed = std::get_if<smtp::client::Closed>(&step);
  check(closed != nullptr, "a session that begins is ready or closed");
  co_return failure(attempt_of(closed->why, 0));
}

Task<Result<std::unique_ptr<RemoteSession>, Attempt>> RemoteSession::open_one(io::Loop& loop, Candidate candidate,
                                                                                 SessionSettings settings,
                                                                                 smtp::TlsUse tls, CauseWatch* watch) {
  if (watch != nullptr) watch->turn(Cause::Connect);
  auto connecting = io::connect(loop, candidate.address, loop.after(settings.connect_time), source_for(candidate, settings));
  auto connected = co_await std::move(connecting);
  if (watch != nullptr) watch->turn(Cause::Reply);
  if (!connected) co_return failure(no_answer(candidate.host + " (" + candidate.address.to_string() + "): " + connected.error().what, candidate,
                                          silence_of(connected.error().kind)));
  std::unique_ptr<RemoteSession> session(new RemoteSession(loop, std::move(*connected), candidate, settings, tls));
  session->watch_ = watch;
  // Only until it is ready: a transaction cut after its final dot may be a mail delivered twice.
  if (watch != nullptr) watch->set_end([connection = session->connection_.get()] { connection->interrupt(); });
  auto beginning = session->begin();
  auto begun = co_await std::move(beginning);
  if (watch != nullptr) watch->set_end(nullptr);
  session->watch_ = nullptr;
  if (begun) co_return std::move(session);
  if (session->tls_failed_ && tls == smtp::TlsUse::Opportunistic && !settings.login) {
    // RFC 7435: a peer whose TLS is broken still gets the mail, in the clear, as it would without STARTTLS; the log says so.
    // Not where we log in: a password was never meant for the clear.
    session.reset();
    settings.observe = nullptr;  // it has been told
    auto again = open_one(loop, std::move(candidate), std::move(settings), smtp::TlsUse::Never, watch);
    auto opened = co_await std::move(again);
    if (opened) (*opened)->in_the_clear_because_ = begun.error().explanation;
    co_return opened;
  }
  co_return failure(std::move(begun).error());
}

Task<void> RemoteSession::dismiss(std::unique_ptr<RemoteSession> session) {
  auto quitting = session->quit();
  co_await std::move(quitting);
}

Result<std::unique_ptr<RemoteSession>, Attempt> RemoteSession::kept_to_wish(io::Loop& loop, Result<std::unique_ptr<RemoteSession>, Attempt> opened,
                                                                            const Candidate& candidate) {
  if (!opened) return opened.error().failure == FailureClass::Tls ? failure(tls_demanded(opened.error().explanation, candidate)) : std::move(opened);
  auto unfit = candidate.vouched ? (*opened)->unfit_for_wish()
                                 : std::optional(tls_demanded("neither DNSSEC nor a policy proves that the domain's mail is for this host", candidate));
  if (!unfit) return opened;
  loop.spawn(dismiss(std::move(*opened)));
  return failure(std::move(*unfit));
}

Task<Result<std::unique_ptr<RemoteSession>, Attempt>> RemoteSession::open(io::Loop& loop,
                                                                             std::vector<Candidate> candidates,
                                                                             SessionSettings settings, CauseWatch* watch) {
  Attempt worst = no_answer("no address to try", {}, FailureClass::NoAnswer);
  bool told = false;
  const bool demands = settings.wish == TlsWish::Require;
  for (std::size_t n = 0; n < candidates.size() && n < most_candidates && !loop.stopping(); ++n) {
    auto under = settings;
    if (candidates[n].tls && settings.as_published) demand_published(under, *candidates[n].tls);
    auto opening = open_one(loop, candidates[n], under, under.tls_use, watch);
    auto opened = co_await std::move(opening);
    if (demands) opened = kept_to_wish(loop, std::move(opened), candidates[n]);
    if (opened || (watch != nullptr && watch->ended_early())) co_return opened;
    // What a peer said tells the sender more than another one's silence; but a demand for TLS is refused only when every
    // host was asked for it.
    const auto why = opened.error().failure;
    const bool tells_most = demands ? why != FailureClass::Refused : !is_silence(why);
    if (tells_most || !told) worst = std::move(opened).error();
    told = told || tells_most;
  }
  co_return failure(std::move(worst));
}

Attempt RemoteSession::attempt_of(const smtp::RecipientOutcome& outcome, std::uint32_t recipient) const {
  Attempt attempt;
  attempt.recipient = recipient;
  attempt.remote_mta = candidate_.host;
  if (talk_.is_encrypted()) attempt.tls = tls_text();
  attempt.status = outcome.reply.enhanced.given() ? outcome.reply.enhanced.text() : std::string{};
  if (outcome.said_by_peer) attempt.diagnostic = outcome.reply.line();
  else attempt.explanation = outcome.reply.text;
  switch (outcome.klass) {
    case smtp::OutcomeClass::Accepted:
      attempt.result = talk_.peer().dsn ? AttemptResult::Sent : AttemptResult::Relayed;
      attempt.keeps_time = talk_.peer().deliver_by;
      if (!in_the_clear_because_.empty()) attempt.explanation = "In the clear, since TLS failed: " + in_the_clear_because_;
      return attempt;
    case smtp::OutcomeClass::Transient: attempt.failure = FailureClass::Transient; break;
    case smtp::OutcomeClass::Refused: attempt.failure = FailureClass::Refused; break;
    case smtp::OutcomeClass::NoAnswer: attempt.failure = silence_; break;
  }
  if (outcome.said_by_peer && (outcome.reply.is_transient() || outcome.reply.is_permanent())) {
    const auto reading = read_reply(outcome.reply, outcome.stage);
    attempt.failure = reading.failure;
    attempt.wait_hint = reading.wait;
    attempt.pace = reading.pace;
  } else if (outcome.klass == smtp::OutcomeClass::Transient && outcome.stage == smtp::Stage::Tls) {
    attempt.failure = FailureClass::Tls;
  }
  if (attempt.status.empty())
    attempt.status = delivery::limit_of(attempt.failure) == Limit::Count ? "5.0.0" : is_silence(attempt.failure) ? "4.4.2" : "4.0.0";
  return attempt;
}

Task<std::vector<Attempt>> RemoteSession::deliver(MessagePointer message, std::vector<std::uint32_t> recipients,
                                                  ReadText read_text, const Clock& clock, CauseWatch* watch, std::string above) {
  struct Watched {  // for as long as this transaction
    CauseWatch*& place;
    ~Watched() { place = nullptr; }
  } const watched{watch_};
  watch_ = watch;
  turn(Cause::Reply);
  smtp::OutgoingMessage outgoing;
  outgoing.reverse_path = message->envelope.reverse_path;
  for (const auto index : recipients) outgoing.recipients.push_back(message->recipient(index));
  outgoing.size = message->envelope.body_octets + above.size();
  outgoing.body_type = message->envelope.body_type;
  outgoing.smtputf8 = message->envelope.smtputf8;
  outgoing.require_tls = message->envelope.tls_wish == TlsWish::Require;
  outgoing.return_content = message->envelope.return_content;
  outgoing.envelope_id = message->envelope.envelope_id;
  outgoing.priority = message->envelope.priority;
  outgoing.by = by_now(message->envelope, clock.wall());
  about_ = message->ref.id;
  talk_.deliver(std::move(outgoing));
  ready_ = false;
  stale_ = false;
  ++delivered_;
  const auto octets_before = connection_->octets_read();

  std::vector<Attempt> attempts;
  std::uint64_t offset = 0;
  for (;;) {
    auto driving = drive();
    auto step = co_await std::move(driving);
    if (std::holds_alternative<smtp::client::NeedContent>(step)) {
      const auto left = message->envelope.body_octets - offset;
      auto reading = read_text(*message, offset, std::min(left, text_piece));
      turn(Cause::Disk);
      std::string piece = co_await std::move(reading);
      turn(Cause::Reply);
      if (piece.empty()) {  // half a message must not be taken for a whole one: break the line
        connection_->abort();
        co_return std::vector<Attempt>{};
      }
      if (offset == 0) talk_.content(above);
      offset += piece.size();
      talk_.content(piece);
    } else if (auto* outcome = std::get_if<smtp::client::Outcome>(&step)) {
      check(outcome->recipients.size() == recipients.size(), "one outcome for each recipient");
      for (std::size_t n = 0; n < recipients.size(); ++n)
        attempts.push_back(attempt_of(outcome->recipients[n], recipients[n]));
      if (outgoing_demands_time(message->envelope))
        for (std::size_t n = 0; n < recipients.size(); ++n) settle_time(outcome->recipients[n], attempts[n]);
    } else if (std::holds_alternative<smtp::client::Ready>(step)) {
      ready_ = true;
      co_return attempts;
    } else {
      const auto* closed = std::get_if<smtp::client::Closed>(&step);
      check(closed != nullptr, "a transaction ends ready or closed");
      stale_ = delivered_ > 1 && connection_->octets_read() == octets_before;
      if (attempts.empty())
        for (const auto index : recipients) attempts.push_back(attempt_of(closed->why, index));
      co_return attempts;
    }
  }
}

Task<std::vector<smtp::RecipientOutcome>> RemoteSession::ask(std::vector<Address> recipients, Duration reply_time) {
  settings_.reply_time = reply_time;
  smtp::OutgoingMessage question;
  question.only_asks = true;
  for (auto& address : recipients) question.recipients.push_back({std::move(address), "", {}});
  const auto asked = question.recipients.size();
  about_ = {};
  talk_.deliver(std::move(question));
  ready_ = false;
  stale_ = false;
  ++delivered_;
  const auto octets_before = connection_->octets_read();
  std::vector<smtp::RecipientOutcome> outcomes;
  for (;;) {
    auto driving = drive();
    auto step = co_await std::move(driving);
    if (auto* outcome = std::get_if<smtp::client::Outcome>(&step)) {
      outcomes = std::move(outcome->recipients);
      continue;
    }
    ready_ = std::holds_alternative<smtp::client::Ready>(step);
    if (ready_) co_return outcomes;
    const auto* closed = std::get_if<smtp::client::Closed>(&step);
    check(closed != nullptr, "a question ends ready or closed");
    stale_ = delivered_ > 1 && connection_->octets_read() == octets_before;
    if (outcomes.empty()) outcomes.assign(asked, closed->why);
    co_return outcomes;
  }
}

Task<void> RemoteSession::quit() {
  if (!connection_->open()) co_return;
  if (ready_) {
    settings_.reply_time = 5s;  // nobody waits for the answer to QUIT
    talk_.quit();
    ready_ = false;
    auto driving = drive();
    co_await std::move(driving);
  }
  auto closing = connection_->close(loop_.after(2s));
  co_await std::move(closing);
}

}  // namespace hikyaku::delivery
