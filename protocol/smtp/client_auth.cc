// AUTH as a client (RFC 4954): the strongest mechanism both sides know.
#include <array>

#include "base/base64.h"
#include "protocol/smtp/client_conversation.h"

namespace hikyaku::smtp {

bool ClientConversation::may_use(sasl::Mechanism mechanism) const {
  if (std::ranges::find(peer_.mechanisms, mechanism) == peer_.mechanisms.end()) return false;
  if (sasl::shows_password(mechanism) && !encrypted_) return false;
  if (mechanism == sasl::Mechanism::ScramSha256Plus && !channel_binding_) return false;
  if (settings_.mechanism.empty() || sasl::mechanism_name(mechanism) == settings_.mechanism) return true;
  return mechanism == sasl::Mechanism::ScramSha256Plus && settings_.mechanism == sasl::mechanism_name(sasl::Mechanism::ScramSha256);
}

void ClientConversation::no_mechanism() {
  fail_session(OutcomeClass::Transient, {454, {4, 7, 0}, "No login mechanism that both sides know can be used"}, false);
}

// Google's and Microsoft's way to show an access token: one message. A refusal is a challenge, to be answered with an
// empty line before the final reply comes.
void ClientConversation::begin_xoauth2() {
  if (!peer_.xoauth2 || !encrypted_) return no_mechanism();
  const auto& login = *settings_.login;
  state_ = State::Auth;
  say("AUTH XOAUTH2 " + base64_encode("user=" + login.user + "\x01" "auth=Bearer " + login.password + "\x01\x01"), Stage::Auth);
}

void ClientConversation::begin_auth() {
  using sasl::Mechanism;
  stage_ = Stage::Auth;
  if (settings_.mechanism == "XOAUTH2") return begin_xoauth2();
  for (const auto mechanism : {Mechanism::ScramSha256Plus, Mechanism::ScramSha256, Mechanism::Plain, Mechanism::Login}) {
    if (!may_use(mechanism)) continue;
    sasl::ClientContext context = *settings_.login;
    context.channel_binding = channel_binding_;
    exchange_.emplace(mechanism, std::move(context));
    const auto initial = exchange_->start();
    if (!initial) break;
    std::string line = "AUTH " + std::string(sasl::mechanism_name(mechanism));
    if (*initial) line += (*initial)->empty() ? " =" : ' ' + base64_encode(**initial);
    state_ = State::Auth;
    return say(line, Stage::Auth);
  }
  no_mechanism();
}

void ClientConversation::take_auth(const Reply& reply) {
  if (reply.code == 334) {
    if (!exchange_) return say("", Stage::Auth);
    const auto challenge = base64_decode(reply.text);
    const auto response = challenge ? exchange_->respond(*challenge) : failure(sasl::ClientFailure::Malformed);
    // "*" gives the exchange up; the server answers 501 (RFC 4954 §4).
    return say(response ? base64_encode(*response) : "*", Stage::Auth);
  }
  if (!reply.is_positive()) {
    // A login refused for good may be a password just changed: the mail waits, the operator is told.
    return fail_session(OutcomeClass::Transient, reply, true);
  }
  if (exchange_ && !exchange_->succeeded())
    return fail_session(OutcomeClass::Transient, {454, {4, 7, 0}, "The peer does not prove that it knows our account"}, false);
  exchange_.reset();
  logged_in_ = true;
  state_ = State::Ready;
}

}  // namespace hikyaku::smtp
