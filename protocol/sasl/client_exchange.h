// ClientExchange: the client's half of one SASL authentication, pure; for delivery to hosts that demand a login, and for
// our own tests. Octets in and out are raw, base64 is the protocol's business.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/sasl/mechanism.h"

namespace hikyaku::sasl {

struct ClientContext {
  std::string user, password;
  std::string authorization_identity;             // empty: act as `user`
  std::string client_nonce;                       // SCRAM: fresh, printable, no comma
  std::optional<ChannelBinding> channel_binding;  // when there is TLS 1.3
};

enum class ClientFailure : std::uint8_t {
  Credentials,      // the name or the password cannot be sent: saslprep refuses it, or it holds a NUL
  Malformed,        // the server's message is not what the mechanism says
  TooMuchWork,      // fewer than 4,096 or more than 1,000,000 iterations
  ServerRefused,    // "e=..." of SCRAM
  ServerUnproven,   // the server does not know the keys: it is not the server that holds our account
};

class ClientExchange {
 public:
  ClientExchange(Mechanism mechanism, ClientContext context);
  ~ClientExchange();  // wipes the password
  ClientExchange(ClientExchange&&) noexcept = default;
  ClientExchange& operator=(ClientExchange&&) noexcept = default;

  // The initial response, to go with the AUTH command; nothing for LOGIN, where the server speaks first.
  Result<std::optional<std::string>, ClientFailure> start();
  // The answer to a challenge. PBKDF2 of the server's iteration count may run here (2 ms at 4,096).
  Result<std::string, ClientFailure> respond(std::string_view challenge);
  // When the server says success: fails where SCRAM has not seen the server's proof.
  [[nodiscard]] Result<void, ClientFailure> succeeded() const;

 private:
  enum class State : std::uint8_t { Fresh, Started, UserSent, ProofSent, Proven, Done };
  Result<std::string, ClientFailure> prove(std::string_view server_first);
  Result<std::string, ClientFailure> check_server(std::string_view server_final);

  Mechanism mechanism_;
  State state_ = State::Fresh;
  ClientContext context_;
  std::string gs2_header_, client_first_bare_, server_signature_;
};

}  // namespace hikyaku::sasl
