// The messages of SCRAM as text (RFC 5802 §7), both directions; parsing and printing only, no cryptography.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/cursor.h"

namespace hikyaku::sasl {

enum class Gs2Flag : std::uint8_t {
  None,       // "n": the client knows no channel binding
  Supported,  // "y": the client knows it but believes the server does not
  Used,       // "p=": the client uses the named one
};

struct ClientFirst {
  Gs2Flag flag = Gs2Flag::None;
  std::string_view binding_type;        // of "p="
  std::string authorization_identity;   // unescaped
  std::string_view gs2_header;          // as sent, with the second comma
  std::string_view bare;                // client-first-message-bare, as sent
  std::string user;                     // unescaped
  std::string_view nonce;
};
struct ServerFirst {
  std::string_view nonce;
  std::string salt;  // decoded
  std::uint32_t iterations = 0;
};
struct ClientFinal {
  std::string channel_binding;       // decoded: GS2 header, then binding data
  std::string_view nonce;
  std::string proof;                 // decoded
  std::string_view without_proof;    // as sent
};
struct ServerFinal {
  std::string_view error;  // empty: success
  std::string verifier;    // decoded
};

[[nodiscard]] Result<ClientFirst, SyntaxError> parse_client_first(std::string_view message);
[[nodiscard]] Result<ServerFirst, SyntaxError> parse_server_first(std::string_view message);
[[nodiscard]] Result<ClientFinal, SyntaxError> parse_client_final(std::string_view message);
[[nodiscard]] Result<ServerFinal, SyntaxError> parse_server_final(std::string_view message);

// saslname: "," and "=" as "=2C" and "=3D".
[[nodiscard]] std::string escape_saslname(std::string_view name);
// printable = %x21-2B / %x2D-7E, at least one.
[[nodiscard]] bool is_scram_printable(std::string_view text);

}  // namespace hikyaku::sasl
