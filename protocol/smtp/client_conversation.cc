// The session: greeting, EHLO, STARTTLS, the end. Messages are in client_message.cc, AUTH in client_auth.cc.
#include "protocol/smtp/client_conversation.h"

#include <charconv>

#include "base/check.h"
#include "base/cursor.h"

namespace hikyaku::smtp {
namespace {

OutcomeClass class_of(const Reply& reply) {
  if (reply.is_positive()) return OutcomeClass::Accepted;
  return reply.is_permanent() ? OutcomeClass::Refused : reply.is_transient() ? OutcomeClass::Transient : OutcomeClass::NoAnswer;
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc{} && end == text.data() + text.size() ? value : 0;
}

// Calls use(word) for each word of `text`.
template <class Use>
void each_word(std::string_view text, Use use) {
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// ehlo-line = ehlo-keyword *( SP ehlo-param )      RFC 5321 §4.1.1.1; unknown ones are passed over
void read_offer(PeerOffers& peer, std::string_view line) {
  // "AUTH=PLAIN": old servers (and the clients they were made for) write it so.
  const auto end = std::min(line.find_first_of(" ="), line.size());
  const auto word = line.substr(0, end);
  const auto rest = line.substr(std::min(end + 1, line.size()));
  const auto is = [word](std::string_view keyword) { return equal_ignoring_case(word, keyword); };
  if (is("PIPELINING")) peer.pipelining = true;
  if (is("8BITMIME")) peer.eight_bit_mime = true;
  if (is("BINARYMIME")) peer.binary_mime = true;
  if (is("SMTPUTF8")) peer.smtputf8 = true;
  if (is("CHUNKING")) peer.chunking = true;
  if (is("DSN")) peer.dsn = true;
  if (is("PRDR")) peer.prdr = true;
  if (is("STARTTLS")) peer.starttls = true;
  if (is("ENHANCEDSTATUSCODES")) peer.enhanced_codes = true;
  if (is("REQUIRETLS")) peer.require_tls = true;
  if (is("MT-PRIORITY")) peer.mt_priority = true;
  if (is("DELIVERBY")) {  // deliverby-param = min-by-time *( ',' extension-token )      RFC 2852 §2
    peer.deliver_by = true;
    peer.shortest_by = static_cast<std::int32_t>(std::min<std::uint64_t>(number_in(rest.substr(0, rest.find(','))), most_seconds));
  }
  if (is("SIZE")) peer.size = true, peer.size_limit = number_in(rest);
  if (is("AUTH"))
    each_word(rest, [&peer](std::string_view name) {
      if (equal_ignoring_case(name, "XOAUTH2")) peer.xoauth2 = true;
      const auto mechanism = sasl::mechanism_named(name);
      if (mechanism && std::ranges::find(peer.mechanisms, *mechanism) == peer.mechanisms.end()) peer.mechanisms.push_back(*mechanism);
    });
  if (is("LIMITS"))  // RFC 9422 §4
    each_word(rest, [&peer](std::string_view limit) {
      const auto equals = limit.find('=');
      if (equals == std::string_view::npos) return;
      const auto value = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_in(limit.substr(equals + 1)), 0xffff'ffff));
      if (equal_ignoring_case(limit.substr(0, equals), "RCPTMAX")) peer.recipient_limit = value;
      if (equal_ignoring_case(limit.substr(0, equals), "MAILMAX")) peer.mail_limit = value;
    });
}

}  // namespace

std::string_view stage_name(Stage stage) {
  static constexpr std::array<std::string_view, 10> names{"connect", "greeting", "EHLO", "STARTTLS", "AUTH",
                                                          "MAIL",    "RCPT",     "DATA", "end of DATA", "QUIT"};
  return names[static_cast<std::size_t>(stage)];
}

std::uint32_t client_wait_limit_seconds(ClientWait wait) {
  switch (wait) {
    case ClientWait::Greeting:
    case ClientWait::Command: return 300;
    case ClientWait::DataStart: return 120;
    case ClientWait::DataEnd: return 600;
  }
  return 300;
}

ClientConversation::ClientConversation(ClientSettings settings) : settings_(std::move(settings)) {
  encrypted_ = settings_.tls == TlsUse::Implicit;
}

void ClientConversation::say(std::string_view line, Stage stage) {
  out_.append(line).append("\r\n");
  stage_ = stage;
  if (overheard_) tell_said(line, stage);
}

void ClientConversation::tell_said(std::string_view line, Stage stage) const {
  if (stage != Stage::Auth) return overheard_(Speaker::Client, line);
  if (!line.starts_with("AUTH ")) return overheard_(Speaker::Client, "(response)");
  const auto end = line.find(' ', 5);
  overheard_(Speaker::Client, end == std::string_view::npos ? std::string(line) : std::string(line.substr(0, end)) + " (response)");
}

void ClientConversation::receive(std::string_view bytes) {
  if (state_ == State::Closed) return;
  replies_.receive(bytes);
  while (state_ != State::Closed && state_ != State::Handshake) {
    auto reply = replies_.next();
    if (!reply)
      return fail_session(OutcomeClass::NoAnswer, {451, {4, 5, 0}, "The peer's words are not SMTP"}, false);
    if (!*reply) return;
    ++replies_taken_;
    take_reply(**std::move(reply));
  }
}

void ClientConversation::take_reply(Reply reply) {
  if (overheard_) overheard_(Speaker::Server, reply.code == 334 ? "334 (challenge)" : reply.line());
  // RFC 5321 §3.8: 421 may come at any time and ends the session.
  if (reply.code == 421 && state_ != State::Quit) return fail_session(OutcomeClass::Transient, std::move(reply), true);
  switch (state_) {
    case State::Greeting: return take_greeting(reply);
    case State::Hello:
    case State::HelloOld: return take_hello(reply);
    case State::StartTlsSent: return take_starttls(reply);
    case State::Auth: return take_auth(reply);
    case State::Envelope: return take_envelope_reply(std::move(reply));
    case State::DataSent: return take_data_reply(std::move(reply));
    case State::ContentEnd: return take_final_reply(std::move(reply));
    case State::Quit: state_ = State::Closed; return;
    // A peer that gives up in the middle of the text has judged it; where the text stands is lost, so is the session.
    case State::Content:
      if (reply.is_permanent() || reply.is_transient()) return fail_session(class_of(reply), std::move(reply), true);
      break;
    case State::Handshake:
    case State::Ready:
    case State::Outcome:
    case State::Closed: break;
  }
  // Words nobody asked for: whatever the peer thinks it answers, the two sides are no longer at the same place.
  fail_session(OutcomeClass::NoAnswer, {451, {4, 5, 0}, "The peer spoke out of turn: " + reply.line()}, false);
}

void ClientConversation::take_greeting(const Reply& reply) {
  if (!reply.is_positive()) return fail_session(class_of(reply), reply, true);
  send_hello();
}

void ClientConversation::send_hello() {
  state_ = State::Hello;
  say((lmtp() ? "LHLO " : "EHLO ") + settings_.our_name, Stage::Hello);
}

void ClientConversation::take_hello(const Reply& reply) {
  peer_ = {};
  if (!reply.is_positive()) {
    // RFC 5321 §3.2: a server that does not know EHLO may know HELO.
    if (state_ == State::Hello && !lmtp() && reply.is_permanent()) {
      state_ = State::HelloOld;
      return say("HELO " + settings_.our_name, Stage::Hello);
    }
    return fail_session(class_of(reply), reply, true);
  }
  if (state_ == State::Hello) {
    std::string_view rest = reply.text;
    for (bool first = true; !rest.empty(); first = false) {
      const auto end = std::min(rest.find('\n'), rest.size());
      if (!first) read_offer(peer_, rest.substr(0, end));  // the first line is the peer's name
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  after_hello();
}

void ClientConversation::after_hello() {
  greeted_ = true;
  const bool wants_tls = settings_.tls == TlsUse::Opportunistic || settings_.tls == TlsUse::Required;
  if (!encrypted_ && wants_tls && peer_.starttls && !starttls_refused_) {
    state_ = State::StartTlsSent;
    return say("STARTTLS", Stage::Tls);
  }
  if (!encrypted_ && settings_.tls == TlsUse::Required) {
    stage_ = Stage::Tls;
    return fail_session(OutcomeClass::Transient, {454, {4, 7, 4}, "The peer does not offer the TLS demanded for it"}, false);
  }
  if (settings_.login && !logged_in_) return begin_auth();
  state_ = State::Ready;
}

void ClientConversation::take_starttls(const Reply& reply) {
  if (!reply.is_positive()) {
    starttls_refused_ = true;
    return after_hello();
  }
  // Octets that came with the 220 were sent in plain by somebody between us (RFC 3207 §6).
  if (replies_.has_leftover())
    return fail_session(OutcomeClass::NoAnswer, {451, {4, 7, 0}, "The peer sent more than its answer before TLS began"}, false);
  state_ = State::Handshake;
}

void ClientConversation::tls_started(ClientTls facts) {
  check(state_ == State::Handshake, "TLS was asked for");
  encrypted_ = true;
  channel_binding_ = std::move(facts.channel_binding);
  replies_.clear();
  send_hello();
}

void ClientConversation::connection_lost(std::string_view why) {
  if (state_ == State::Closed) return;
  if (state_ == State::Quit) return void(state_ = State::Closed);
  fail_session(OutcomeClass::NoAnswer, {451, {4, 4, 2}, std::string(why)}, false);
}

void ClientConversation::quit() {
  check(state_ == State::Ready, "the session is idle");
  closed_why_ = {OutcomeClass::Accepted, Stage::Quit, {221, {2, 0, 0}, "Goodbye"}, false};
  state_ = State::Quit;
  say("QUIT", Stage::Quit);
}

// The session is of no further use. Recipients still without an answer get this one.
void ClientConversation::fail_session(OutcomeClass klass, Reply reply, bool said_by_peer) {
  closed_why_ = {klass, stage_, std::move(reply), said_by_peer};
  out_.clear();
  exchange_.reset();
  const bool in_message = !outcomes_.empty();
  if (in_message) fail_open_recipients(closed_why_);
  expected_.clear();
  state_ = State::Closed;
}

ClientStep ClientConversation::next() {
  if (!out_.empty()) return client::Send{std::exchange(out_, {})};
  switch (state_) {
    case State::Handshake: return client::StartTls{};
    case State::Ready: return client::Ready{};
    case State::Content: return client::NeedContent{};
    case State::Outcome:
      state_ = State::Ready;
      [[fallthrough]];
    case State::Closed:
      if (!outcomes_.empty()) {
        client::Outcome outcome;
        for (auto& recipient : outcomes_) outcome.recipients.push_back(*std::move(recipient));
        outcomes_.clear();
        return outcome;
      }
      if (state_ == State::Ready) return client::Ready{};
      return client::Closed{closed_why_};
    case State::Greeting: return client::NeedInput{ClientWait::Greeting};
    case State::DataSent: return client::NeedInput{ClientWait::DataStart};
    case State::ContentEnd: return client::NeedInput{ClientWait::DataEnd};
    default: return client::NeedInput{ClientWait::Command};
  }
}

}  // namespace hikyaku::smtp
