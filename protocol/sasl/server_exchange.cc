#include "protocol/sasl/server_exchange.h"

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/check.h"
#include "protocol/sasl/prepare.h"
#include "protocol/sasl/scram_message.h"

namespace hikyaku::sasl {

ServerExchange::ServerExchange(Mechanism mechanism, ServerContext context)
    : mechanism_(mechanism), context_(std::move(context)) {}

ServerExchange::~ServerExchange() {
  OPENSSL_cleanse(keys_.stored_key.data(), keys_.stored_key.size());
  OPENSSL_cleanse(keys_.server_key.data(), keys_.server_key.size());
}

ServerStep ServerExchange::refuse(RefusedBecause why, std::string_view scram_error) {
  state_ = State::Done;
  return Refused{why, user_, std::string(scram_error)};
}

ServerStep ServerExchange::accept() {
  state_ = State::Done;
  return Accepted{user_, authorization_identity_};
}

ServerStep ServerExchange::start(std::optional<std::string_view> initial_response) {
  check(state_ == State::Fresh, "an exchange starts once");
  if (mechanism_ == Mechanism::Login) {
    state_ = State::AwaitingUser;
    // Some clients send the name with the command, as if LOGIN had an initial response.
    if (initial_response) return respond(*initial_response);
    return Challenge{"Username:"};
  }
  state_ = State::AwaitingFirst;
  if (!initial_response) return Challenge{};
  return respond(*initial_response);
}

ServerStep ServerExchange::respond(std::string_view response) {
  if (response.size() > most_response_octets) return refuse(RefusedBecause::Malformed);
  switch (state_) {
    case State::AwaitingFirst: return mechanism_ == Mechanism::Plain ? plain_message(response) : client_first(response);
    case State::AwaitingUser: return login_user(response);
    case State::AwaitingPassword: return login_password(response);
    case State::AwaitingProof: return client_final(response);
    case State::AwaitingEmpty: return response.empty() ? accept() : refuse(RefusedBecause::Malformed);
    default: break;
  }
  throw_bug("a response comes after a challenge", std::source_location::current());
}

ServerStep ServerExchange::password_checked(PasswordVerdict verdict) {
  check(state_ == State::CheckingPassword, "a password was asked about");
  return verdict == PasswordVerdict::Right ? accept() : refuse(RefusedBecause::WrongCredentials);
}

// message = [authzid] UTF8NUL authcid UTF8NUL passwd      RFC 4616 §2
ServerStep ServerExchange::plain_message(std::string_view message) {
  const auto first = message.find('\0');
  if (first == std::string_view::npos) return refuse(RefusedBecause::Malformed);
  const auto second = message.find('\0', first + 1);
  if (second == std::string_view::npos) return refuse(RefusedBecause::Malformed);
  const auto user = message.substr(first + 1, second - first - 1);
  const auto password = message.substr(second + 1);
  if (user.empty() || password.empty() || user.size() > most_user_octets || first > most_user_octets ||
      password.size() > most_password_octets || password.contains('\0'))
    return refuse(RefusedBecause::Malformed);
  authorization_identity_ = message.substr(0, first);
  user_ = user;
  state_ = State::CheckingPassword;
  return CheckPassword{user_, std::string(password)};
}

ServerStep ServerExchange::login_user(std::string_view user) {
  if (user.empty() || user.size() > most_user_octets || user.contains('\0')) return refuse(RefusedBecause::Malformed);
  user_ = user;
  state_ = State::AwaitingPassword;
  return Challenge{"Password:"};
}

ServerStep ServerExchange::login_password(std::string_view password) {
  if (password.empty() || password.size() > most_password_octets || password.contains('\0'))
    return refuse(RefusedBecause::Malformed);
  state_ = State::CheckingPassword;
  return CheckPassword{user_, std::string(password)};
}

// RFC 5802 §6: the flag must fit the mechanism, and "y" towards a server that offered -PLUS betrays a downgrade.
ServerStep ServerExchange::client_first(std::string_view message) {
  auto first = parse_client_first(message);
  if (!first) return refuse(RefusedBecause::Malformed, "e=invalid-encoding");
  auto user = saslprep(first->user);
  if (!user || user->size() > most_user_octets) return refuse(RefusedBecause::Malformed, "e=invalid-username-encoding");
  user_ = *std::move(user);
  authorization_identity_ = std::move(first->authorization_identity);
  if (mechanism_ == Mechanism::ScramSha256Plus) {
    if (first->flag != Gs2Flag::Used) return refuse(RefusedBecause::ChannelBinding, "e=channel-bindings-dont-match");
    if (!context_.channel_binding || first->binding_type != context_.channel_binding->type)
      return refuse(RefusedBecause::ChannelBinding, "e=unsupported-channel-binding-type");
  } else {
    if (first->flag == Gs2Flag::Used) return refuse(RefusedBecause::ChannelBinding, "e=channel-binding-not-supported");
    if (first->flag == Gs2Flag::Supported && context_.plus == ServerContext::Plus::Offered)
      return refuse(RefusedBecause::ChannelBinding, "e=server-does-support-channel-binding");
  }
  gs2_header_ = first->gs2_header;
  client_first_bare_ = first->bare;
  nonce_ = std::string(first->nonce) + context_.server_nonce;
  state_ = State::FindingKeys;
  return FindKeys{user_};
}

ServerStep ServerExchange::keys_found(ScramKeys keys) {
  check(state_ == State::FindingKeys, "keys were asked for");
  check(is_scram_printable(context_.server_nonce), "the caller gave a nonce");
  keys_ = std::move(keys);
  server_first_ = "r=" + nonce_ + ",s=" + base64_encode(keys_.salt) + ",i=" + std::to_string(keys_.iterations);
  state_ = State::AwaitingProof;
  return Challenge{server_first_};
}

// RFC 5802 §3: ClientKey := ClientProof XOR HMAC(StoredKey, AuthMessage); the proof is right when H(ClientKey) is StoredKey.
ServerStep ServerExchange::client_final(std::string_view message) {
  auto final = parse_client_final(message);
  if (!final) return refuse(RefusedBecause::Malformed, "e=invalid-encoding");
  if (final->nonce != nonce_) return refuse(RefusedBecause::WrongCredentials, "e=other-error");
  std::string binding = gs2_header_;
  if (mechanism_ == Mechanism::ScramSha256Plus) binding += context_.channel_binding->data;
  if (!equal_in_constant_time(final->channel_binding, binding))
    return refuse(RefusedBecause::ChannelBinding, "e=channel-bindings-dont-match");
  if (final->proof.size() != scram_key_octets) return refuse(RefusedBecause::WrongCredentials, "e=invalid-proof");

  std::string auth_message = client_first_bare_ + ',' + server_first_ + ',';
  auth_message += final->without_proof;
  std::string client_key = hmac_sha256(keys_.stored_key, auth_message);
  for (std::size_t i = 0; i < client_key.size(); ++i)
    client_key[i] = static_cast<char>(client_key[i] ^ final->proof[i]);
  const bool right = equal_in_constant_time(sha256(client_key), keys_.stored_key);
  OPENSSL_cleanse(client_key.data(), client_key.size());
  if (!right) return refuse(RefusedBecause::WrongCredentials, "e=invalid-proof");
  state_ = State::AwaitingEmpty;
  return Challenge{"v=" + base64_encode(hmac_sha256(keys_.server_key, auth_message))};
}

}  // namespace hikyaku::sasl
