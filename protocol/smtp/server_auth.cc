// AUTH (RFC 4954): base64 framing here, the exchange itself with whoever keeps the secrets.
#include "base/base64.h"
#include "base/check.h"
#include "protocol/smtp/server_conversation.h"

namespace hikyaku::smtp {

using Exchange = server::Authenticate::Phase;

bool ServerConversation::may_authenticate(sasl::Mechanism mechanism) const {
  if (std::ranges::find(peer_.mechanisms, mechanism) == peer_.mechanisms.end()) return false;
  if (config_->role == Role::Lmtp || (config_->tls == TlsOffer::Demanded && !peer_.tls)) return false;
  if (mechanism == sasl::Mechanism::ScramSha256Plus) return peer_.tls && peer_.tls->channel_binding;
  return peer_.tls || !sasl::shows_password(mechanism) || peer_.clear_passwords == ClearPasswords::Allowed;
}

std::string ServerConversation::offered_mechanisms() const {
  std::string out;
  for (const auto mechanism : peer_.mechanisms)
    if (may_authenticate(mechanism)) out.append(" ").append(sasl::mechanism_name(mechanism));
  return out;
}

// auth-command = "AUTH" SP sasl-mech [SP initial-response]; initial-response = base64 / "="      RFC 4954 §8
void ServerConversation::auth(std::string_view argument) {
  if (helo_.empty()) return refuse({503, {5, 5, 1}, "Say EHLO first"});
  if (!account_.empty()) return refuse({503, {5, 5, 1}, "Logged in already"});
  if (transaction_) return refuse({503, {5, 5, 1}, "Not during a transaction"});
  const auto space = argument.find(' ');
  const auto mechanism = sasl::mechanism_named(argument.substr(0, space));
  if (argument.empty()) return refuse({501, {5, 5, 4}, "Syntax: AUTH mechanism [initial response]"});
  if (mechanism && !peer_.tls && sasl::shows_password(*mechanism) && !may_authenticate(*mechanism) && config_->tls != TlsOffer::None)
    return refuse({538, {5, 7, 11}, "This mechanism needs TLS: say STARTTLS first"});
  if (!mechanism || !may_authenticate(*mechanism)) return refuse({504, {5, 5, 4}, "This mechanism is not available"});
  mechanism_ = *mechanism;
  std::optional<std::string> initial;
  if (space != std::string_view::npos) {
    const auto text = argument.substr(space + 1);
    initial = text == "=" ? std::string{} : base64_decode(text);
    if (!initial) return auth_failed({501, {5, 5, 2}, "The initial response is not base64"});
  }
  awaiting_ = Awaiting::Auth;
  enqueue(server::Authenticate{Exchange::Begin, mechanism_, std::move(initial)});
}

void ServerConversation::auth_challenge(std::string_view octets) {
  check(awaiting_ == Awaiting::Auth, "an exchange is open");
  awaiting_ = Awaiting::Nothing;
  out_ += "334 " + base64_encode(octets) + "\r\n";
  if (overheard_) overheard_(Speaker::Server, "334 (challenge)");
  phase_ = Phase::AuthResponse;
}

void ServerConversation::auth_response(std::string_view line) {
  // "*" gives up (RFC 4954 §4).
  auto octets = line == "*" ? std::optional<std::string>{} : base64_decode(line);
  if (!octets) {
    if (line != "*") return cancel_auth({501, {5, 7, 0}, "The response is not base64"});
    // No password was tried: an error as any other, but no failed login.
    enqueue(server::Authenticate{Exchange::Cancel, mechanism_, {}});
    phase_ = Phase::Command;
    return refuse({501, {5, 7, 0}, "Authentication given up"});
  }
  awaiting_ = Awaiting::Auth;
  enqueue(server::Authenticate{Exchange::Respond, mechanism_, *std::move(octets)});
}

void ServerConversation::cancel_auth(Reply given) {
  enqueue(server::Authenticate{Exchange::Cancel, mechanism_, {}});
  auth_failed(std::move(given));
}

void ServerConversation::auth_accepted(std::string account) {
  check(awaiting_ == Awaiting::Auth, "an exchange is open");
  check(!account.empty(), "an account has a name");
  awaiting_ = Awaiting::Nothing;
  phase_ = Phase::Command;
  account_ = std::move(account);
  reply({235, {2, 7, 0}, "Logged in"});
}

void ServerConversation::auth_refused(Reply given) {
  check(awaiting_ == Awaiting::Auth, "an exchange is open");
  awaiting_ = Awaiting::Nothing;
  auth_failed(std::move(given));
}

void ServerConversation::auth_failed(Reply given) {
  phase_ = Phase::Command;
  if (given.is_permanent() && ++failed_logins_ >= config_->limits.failed_logins)
    return say_goodbye({421, {4, 7, 0}, config_->our_name + " Too many failed logins"});
  refuse(std::move(given));
}

}  // namespace hikyaku::smtp
