#include "protocol/sasl/client_exchange.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "base/check.h"
#include "protocol/sasl/prepare.h"
#include "protocol/sasl/scram_keys.h"
#include "protocol/sasl/scram_message.h"

namespace hikyaku::sasl {
namespace {
constexpr std::size_t most_challenge_octets = 9216;

std::string salted_password(std::string_view prepared, std::string_view salt, std::uint32_t iterations) {
  std::string salted(scram_key_octets, '\0');
  const int done = PKCS5_PBKDF2_HMAC(prepared.data(), static_cast<int>(prepared.size()),
                                     reinterpret_cast<const unsigned char*>(salt.data()),
                                     static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                                     static_cast<int>(salted.size()), reinterpret_cast<unsigned char*>(salted.data()));
  check(done == 1, "PBKDF2 works");
  return salted;
}
}  // namespace

ClientExchange::ClientExchange(Mechanism mechanism, ClientContext context)
    : mechanism_(mechanism), context_(std::move(context)) {}

ClientExchange::~ClientExchange() { OPENSSL_cleanse(context_.password.data(), context_.password.size()); }

Result<std::optional<std::string>, ClientFailure> ClientExchange::start() {
  check(state_ == State::Fresh, "an exchange starts once");
  state_ = State::Started;
  const auto has_nul = [](std::string_view text) { return text.contains('\0'); };
  if (context_.user.empty() || context_.password.empty() || has_nul(context_.user) || has_nul(context_.password) ||
      has_nul(context_.authorization_identity))
    return failure(ClientFailure::Credentials);
  if (mechanism_ == Mechanism::Login) return std::nullopt;
  if (mechanism_ == Mechanism::Plain)
    return context_.authorization_identity + '\0' + context_.user + '\0' + context_.password;

  auto user = saslprep(context_.user);
  if (!user || !is_scram_printable(context_.client_nonce)) return failure(ClientFailure::Credentials);
  if (mechanism_ == Mechanism::ScramSha256Plus) {
    check(context_.channel_binding.has_value(), "-PLUS is chosen where there is a channel to bind to");
    gs2_header_ = "p=" + context_.channel_binding->type + ',';
  } else {
    // "y" tells the server that we saw no -PLUS though we could have used it (RFC 5802 §6).
    gs2_header_ = context_.channel_binding ? "y," : "n,";
  }
  if (!context_.authorization_identity.empty()) gs2_header_ += "a=" + escape_saslname(context_.authorization_identity);
  gs2_header_ += ',';
  client_first_bare_ = "n=" + escape_saslname(*user) + ",r=" + context_.client_nonce;
  return gs2_header_ + client_first_bare_;
}

Result<std::string, ClientFailure> ClientExchange::respond(std::string_view challenge) {
  if (challenge.size() > most_challenge_octets) return failure(ClientFailure::Malformed);
  if (mechanism_ == Mechanism::Login) {
    // The words of the two challenges differ from server to server; their order does not.
    if (state_ == State::Started) return state_ = State::UserSent, context_.user;
    if (state_ == State::UserSent) return state_ = State::Done, context_.password;
    return failure(ClientFailure::Malformed);
  }
  if (mechanism_ == Mechanism::Plain || state_ == State::Proven) return failure(ClientFailure::Malformed);
  if (state_ == State::Started) return prove(challenge);
  if (state_ == State::ProofSent) return check_server(challenge);
  return failure(ClientFailure::Malformed);
}

Result<void, ClientFailure> ClientExchange::succeeded() const {
  if (!shows_password(mechanism_) && state_ != State::Proven) return failure(ClientFailure::ServerUnproven);
  return {};
}

Result<std::string, ClientFailure> ClientExchange::prove(std::string_view server_first) {
  auto first = parse_server_first(server_first);
  if (!first || !first->nonce.starts_with(context_.client_nonce) || first->nonce.size() == context_.client_nonce.size())
    return failure(ClientFailure::Malformed);
  if (first->iterations < least_iterations || first->iterations > most_iterations)
    return failure(ClientFailure::TooMuchWork);
  auto prepared = saslprep(context_.password);
  if (!prepared) return failure(ClientFailure::Credentials);

  std::string binding = gs2_header_;
  if (mechanism_ == Mechanism::ScramSha256Plus) binding += context_.channel_binding->data;
  std::string final = "c=" + base64_encode(binding) + ",r=";
  final += first->nonce;
  std::string auth_message = client_first_bare_ + ',';
  auth_message.append(server_first).append(",").append(final);

  std::string salted = salted_password(*prepared, first->salt, first->iterations);
  OPENSSL_cleanse(prepared->data(), prepared->size());
  std::string proof = hmac_sha256(salted, "Client Key");
  const std::string signature = hmac_sha256(sha256(proof), auth_message);
  for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  server_signature_ = hmac_sha256(hmac_sha256(salted, "Server Key"), auth_message);
  OPENSSL_cleanse(salted.data(), salted.size());
  state_ = State::ProofSent;
  return final + ",p=" + base64_encode(proof);
}

Result<std::string, ClientFailure> ClientExchange::check_server(std::string_view server_final) {
  auto final = parse_server_final(server_final);
  if (!final) return failure(ClientFailure::Malformed);
  if (!final->error.empty()) return failure(ClientFailure::ServerRefused);
  if (!equal_in_constant_time(final->verifier, server_signature_)) return failure(ClientFailure::ServerUnproven);
  state_ = State::Proven;
  return std::string{};
}

}  // namespace hikyaku::sasl
