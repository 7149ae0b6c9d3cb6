#include "apps/receive/session.h"

#include "base/check.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
constexpr Duration handshake_limit = 60s;
constexpr Duration write_limit = 5min;  // RFC 5321 §4.5.3.2.7 counts for our words too
constexpr Duration close_limit = 5s;

smtp::PeerFacts facts_of(const std::string& client, const Policies& policies) {
  const bool urgent = settings::address_is_in(client, policies.settings->smtp.priority_networks());
  const bool etrn = settings::address_is_in(client, policies.settings->smtp.etrn_networks());
  // `auth` decides what is announced to whom, with and without TLS.
  return {.client_address = client, .clear_passwords = smtp::ClearPasswords::Allowed, .may_be_urgent = urgent, .may_etrn = etrn};
}

std::vector<sasl::Mechanism> mechanisms_of(const directory::PeerRights& rights) {
  std::vector<sasl::Mechanism> out;
  for (const auto& name : rights.mechanisms)
    if (const auto mechanism = sasl::mechanism_named(name)) out.push_back(*mechanism);
  return out;
}

}  // namespace

Task<void> serve(Front& front, std::shared_ptr<const Policies> policies, Port port, io::Accepted accepted, Places places) {
  const Places held = std::move(places);
  Session session(front, std::move(policies), port, std::move(accepted));
  auto running = session.run();
  co_await std::move(running);
  session.tell_refused();
}

Session::Session(Front& front, std::shared_ptr<const Policies> policies, Port port, io::Accepted accepted)
    : front_(front),
      policies_(std::move(policies)),
      port_(port),
      number_(++front.reception.connections),
      started_(front.loop.now()),
      client_(accepted.peer.is_ip() ? accepted.peer.ip().to_string() : std::string{}),
      address_(accepted.peer.is_ip() ? std::optional(accepted.peer.ip()) : std::nullopt),
      exempt_(settings::address_is_in(client_, policies_->policy.exempt)),
      peer_(front.loop, std::move(accepted.socket), accepted.peer),
      talk_(policies_->config(port), facts_of(client_, *policies_)),
      patience_(static_cast<std::uint32_t>(policies_->settings->smtp.free_errors())) {
  front_.sessions.insert(this);
  auto said = fields();
  if (accepted.peer.is_ip()) said.client_port = accepted.peer.port();
  auto& log = front_.reception.service.log();
  log.write(events::connection_opened, said);
  if (log.wants(events::receive_said)) {
    talk_.overhear([this](smtp::Speaker who, std::string_view line) {
      auto heard = fields();
      const std::string text = (who == smtp::Speaker::Client ? "C: " : "S: ") + std::string(line);
      heard.text = text;
      front_.reception.service.log().write(events::receive_said, heard);
    });
  }
}

Session::~Session() {
  front_.sessions.erase(this);
  auto said = fields();
  said.helo = talk_.helo();
  said.account = talk_.account();
  said.count = talk_.messages();
  said.octets = peer_.octets_read();
  said.took = front_.loop.now() - started_;
  said.reply = talk_.last_refusal();
  front_.reception.service.log().write(events::connection_closed, said);
}

telemetry::Fields Session::fields() const {
  return {.client = client_, .listener = port_names[static_cast<std::size_t>(port_)], .connection = number_};
}

directory::PeerContext Session::context() const {
  return {.protocol = directory::Protocol::Smtp,
          .tls = peer_.under_tls() ? directory::TlsState::Tls : directory::TlsState::Plain,
          .client_address = client_,
          .channel_binding = peer_.tls_exporter().value_or(std::string{})};
}

void Session::interrupt_if_idle() {
  if (waiting_ && is_idle()) peer_.interrupt();
}

Task<void> Session::run() {
  bool alive = true;
  if (port_ == Port::Submissions) {
    auto beginning = begin_tls({});
    alive = co_await std::move(beginning);
  }
  try {
    while (alive) {
      smtp::ServerStep step = talk_.next();
      // The two steps that come thousands of times a second need no coroutine of their own.
      if (std::holds_alternative<smtp::server::BeginMessage>(step)) {
        begin_message();
        continue;
      }
      if (auto* content = std::get_if<smtp::server::AppendContent>(&step); content && !arrival_->sink.should_spill() && !arrival_->trouble) {
        take_text(content->octets);
        continue;
      }
      auto carrying = carry_out(std::move(step));
      alive = co_await std::move(carrying);
    }
  } catch (const Bug& bug) {
    front_.reception.service.log().write(events::bug_found, {.client = client_, .connection = number_, .reason = bug.what()});
    alive = true;
  }
  if (!alive) co_return;
  auto last = send("421 4.3.0 " + policies_->hostname + " Internal trouble, come back later\r\n");
  co_await std::move(last);
}

Task<bool> Session::carry_out(smtp::ServerStep step) {
  using namespace smtp::server;
  if (std::holds_alternative<NeedInput>(step)) {
    auto reading = read();
    co_return co_await std::move(reading);
  }
  if (auto* words = std::get_if<Send>(&step)) {
    auto waiting = slow_down();
    co_await std::move(waiting);
    auto sending = send(std::move(words->bytes));
    co_return co_await std::move(sending);
  }
  if (std::holds_alternative<StartTls>(step)) {
    auto beginning = begin_tls({});
    co_return co_await std::move(beginning);
  }
  if (std::holds_alternative<Close>(step)) {
    auto closing = peer_.close(front_.loop.after(close_limit));
    co_await std::move(closing);
    co_return false;
  }
  if (std::holds_alternative<AbortMessage>(step)) {
    front_.reception.service.log().write(events::transaction_aborted, fields());
    arrival_.reset();
  } else if (auto* content = std::get_if<AppendContent>(&step)) {
    auto appending = append(content->octets);
    co_await std::move(appending);
  } else if (auto* sender = std::get_if<CheckSender>(&step)) {
    auto checking = check_sender(std::move(*sender));
    co_await std::move(checking);
  } else if (auto* recipient = std::get_if<CheckRecipient>(&step)) {
    auto checking = check_recipient(std::move(*recipient));
    co_await std::move(checking);
  } else if (auto* wanted = std::get_if<Flush>(&step)) {
    auto flushing = flush(std::move(*wanted));
    co_await std::move(flushing);
  } else if (auto* auth = std::get_if<Authenticate>(&step)) {
    auto authenticating = authenticate(std::move(*auth));
    co_await std::move(authenticating);
  } else if (auto* message = std::get_if<CommitMessage>(&step)) {
    auto committing = commit(std::move(*message));
    co_await std::move(committing);
  }
  co_return true;
}

Task<bool> Session::read() {
  const auto& limits = policies_->config(port_)->limits;
  const Deadline end = started_ + limits.total;
  if (front_.draining && is_idle()) {
    talk_.end(smtp::EndReason::Shutdown);
    co_return true;
  }
  if (is_idle()) open_.reset();  // no milter is kept busy with it
  waiting_ = true;
  auto reading = peer_.read(std::min(front_.loop.after(limits.idle), end));
  const auto got = co_await std::move(reading);
  waiting_ = false;
  if (got) {
    // Asked only now: a slow `auth` must not keep the greeting back.
    if (!std::exchange(rights_asked_, true)) {
      auto learning = learn_rights();
      co_await std::move(learning);
    }
    talk_.at(front_.reception.clock.wall());
    talk_.receive(*got);
    co_return true;
  }
  switch (got.error().kind) {
    case io::IoFailure::Interrupted: co_return true;  // read() is called again and looks at `draining`
    case io::IoFailure::TimedOut:
      talk_.end(front_.loop.now() >= end ? smtp::EndReason::TooLong : smtp::EndReason::Idle);
      co_return true;
    case io::IoFailure::Cancelled: talk_.end(smtp::EndReason::Shutdown); co_return true;
    default: break;
  }
  if (arrival_) front_.reception.service.log().write(events::transaction_aborted, fields());
  co_return false;
}

Task<bool> Session::send(std::string octets) {
  auto writing = peer_.write(octets, front_.loop.after(write_limit));
  const auto written = co_await std::move(writing);
  co_return written.has_value();
}

Task<void> Session::slow_down() {
  const auto wait = is_stranger() ? patience_.take(talk_.errors(), talk_.idle_commands()) : Duration{};
  if (wait == Duration{}) co_return;
  const auto end = front_.loop.after(wait);
  while (front_.loop.now() < end && !front_.draining && !client_is_gone()) {
    const auto outcome = co_await front_.loop.sleep_until(std::min<Deadline>(end, front_.loop.after(1s)));
    if (outcome == io::Wake::Cancelled) break;
  }
}

Task<bool> Session::begin_tls(std::string_view unread) {
  if (!policies_->tls) co_return false;
  auto handshake = peer_.start_tls_server(policies_->tls, unread, front_.loop.after(handshake_limit));
  const auto shaken = co_await std::move(handshake);
  if (!shaken) {
    auto said = fields();
    said.reason = shaken.error().what;
    front_.reception.service.log().write(events::command_refused, said);
    co_return false;
  }
  const auto details = peer_.tls_details();
  talk_.tls_started({details->version + ' ' + details->cipher, peer_.tls_exporter().has_value()});
  // RFC 3207 §4.2: what was known of the client is forgotten, its login too.
  tell_refused();
  account_ = {}, logged_in_ = {}, client_name_.reset();
  rights_asked_ = false;  // TLS changes what may be offered
  co_return true;
}

Task<void> Session::learn_rights() {
  auto asking = front_.rights(context());
  const auto answer = co_await std::move(asking);
  if (const auto* rights = std::get_if<directory::PeerRights>(&answer)) {
    may_relay_ = rights->may_relay;
    talk_.offer(mechanisms_of(*rights));
  } else {
    may_relay_.reset();
    auto said = fields();
    said.reason = std::get<directory::TemporaryFailure>(answer).what;
    front_.reception.service.log().write(events::peer_trouble, said);
  }
}

}  // namespace hikyaku::receive
