// ServerExchange: the server's half of one SASL authentication, pure. It is given the client's octets (already out of
// base64, which is the protocol's business) and says what comes next: send a challenge, ask whether a password is
// right, ask for SCRAM keys, or the end. It runs in `auth`, the sole reader of secrets; the fronts only carry octets.
//
//   ServerExchange exchange(Mechanism::ScramSha256, {.server_nonce = nonce});
//   ServerStep step = exchange.start(initial_response);
//   for (;;) visit(step): Challenge -> send, read, step = exchange.respond(octets)
//                         CheckPassword -> step = exchange.password_checked(verdict)
//                         FindKeys -> step = exchange.keys_found(keys)
//                         Accepted, Refused -> done
//
// SCRAM's server-final message is an ordinary Challenge answered by an empty response (RFC 5802 §5 with protocols
// that carry no additional data with success: SMTP, IMAP without SASL-IR success data, POP3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/sasl/mechanism.h"
#include "protocol/sasl/scram_keys.h"

namespace hikyaku::sasl {

inline constexpr std::size_t most_response_octets = 9216;  // 12,288 of base64 (RFC 4954 §4)
inline constexpr std::size_t most_user_octets = 1024;
inline constexpr std::size_t most_password_octets = 1024;

struct ServerContext {
  std::string server_nonce;                       // SCRAM: fresh, at least 18 random octets in base64 for each exchange
  std::optional<ChannelBinding> channel_binding;  // of the connection, when there is TLS 1.3
  // Whether the client was offered SCRAM-SHA-256-PLUS. If so, a client that says "I would, but you do not" (gs2 flag
  // "y") has been lied to by somebody in between, and is refused (RFC 5802 §6).
  enum class Plus : bool { NotOffered, Offered } plus = Plus::NotOffered;
};

struct Challenge { std::string octets; };
// Is this the user's password? `user` is as sent for PLAIN and LOGIN (not prepared).
struct CheckPassword { std::string user, password; };
// Give the user's keys, or fake_scram_keys() when there is no such user. `user` has been through saslprep().
struct FindKeys { std::string user; };
// `authorization_identity` is empty where the client named none; whether the user may act as it is the caller's to judge.
struct Accepted { std::string user, authorization_identity; };

enum class RefusedBecause : std::uint8_t {
  Malformed,        // not what the mechanism says: 501 5.5.2, BAD
  WrongCredentials, // 535 5.7.8
  ChannelBinding,   // wrong, missing, or a downgrade was found
};
// `scram_error` is RFC 5802's server-error ("e=invalid-proof"), for logs; empty for other mechanisms.
struct Refused { RefusedBecause why; std::string user; std::string scram_error; };

using ServerStep = std::variant<Challenge, CheckPassword, FindKeys, Accepted, Refused>;

enum class PasswordVerdict : std::uint8_t { Right, Wrong };

class ServerExchange {
 public:
  ServerExchange(Mechanism mechanism, ServerContext context);
  ~ServerExchange();  // wipes what it knows of the password
  ServerExchange(ServerExchange&&) noexcept = default;
  ServerExchange& operator=(ServerExchange&&) noexcept = default;

  // Once, first. Nothing is not the same as an empty initial response ("=" in RFC 4954).
  ServerStep start(std::optional<std::string_view> initial_response);
  // After a Challenge.
  ServerStep respond(std::string_view response);
  // After CheckPassword.
  ServerStep password_checked(PasswordVerdict verdict);
  // After FindKeys.
  ServerStep keys_found(ScramKeys keys);

  [[nodiscard]] Mechanism mechanism() const { return mechanism_; }

 private:
  enum class State : std::uint8_t {
    Fresh, AwaitingFirst, AwaitingUser, AwaitingPassword, CheckingPassword, FindingKeys, AwaitingProof, AwaitingEmpty, Done
  };
  ServerStep plain_message(std::string_view message);
  ServerStep login_user(std::string_view user);
  ServerStep login_password(std::string_view password);
  ServerStep client_first(std::string_view message);
  ServerStep client_final(std::string_view message);
  ServerStep refuse(RefusedBecause why, std::string_view scram_error = {});
  ServerStep accept();

  Mechanism mechanism_;
  State state_ = State::Fresh;
  ServerContext context_;
  std::string user_, authorization_identity_;
  // SCRAM
  std::string gs2_header_, client_first_bare_, server_first_, nonce_;
  ScramKeys keys_;
};

}  // namespace hikyaku::sasl
