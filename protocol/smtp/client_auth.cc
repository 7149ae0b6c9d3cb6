// AUTH as a client (RFC 4954): the strongest mechanism both sides know.
#include <array>

#include "base/base64.h"
#include "protocol/smtp/client_conversation.h"

namespace hikyaku::smtp {

void ClientConversation::begin_auth() {
  using sasl::Mechanism;
  stage_ = Stage::Auth;
  for (const auto mechanism : {Mechanism::ScramSha256Plus, Mechanism::ScramSha256, Mechanism::Plain, Mechanism::Login}) {
    if (std::ranges::find(peer_.mechanisms, mechanism) == peer_.mechanisms.end()) continue;
    if (sasl::shows_password(mechanism) && !encrypted_) continue;
    const bool can_bind = channel_binding_.has_value();
    if (mechanism == Mechanism::ScramSha256Plus && !can_bind) continue;
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
  fail_session(OutcomeClass::Transient, {454, {4, 7, 0}, "No login mechanism that both sides know can be used"}, false);
}

void ClientConversation::take_auth(const Reply& reply) {
  if (reply.code == 334) {
    const auto challenge = base64_decode(reply.text);
    const auto response = challenge ? exchange_->respond(*challenge) : failure(sasl::ClientFailure::Malformed);
    // "*" gives the exchange up; the server answers 501 (RFC 4954 §4).
    return say(response ? base64_encode(*response) : "*", Stage::Auth);
  }
  if (!reply.is_positive()) {
    // A login refused for good may be a password just changed: the mail waits, the operator is told.
    return fail_session(OutcomeClass::Transient, reply, true);
  }
  if (!exchange_->succeeded())
    return fail_session(OutcomeClass::Transient, {454, {4, 7, 0}, "The peer does not prove that it knows our account"}, false);
  exchange_.reset();
  logged_in_ = true;
  state_ = State::Ready;
}

}  // namespace hikyaku::smtp
