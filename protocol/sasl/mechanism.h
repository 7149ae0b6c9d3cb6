// The mechanisms Hikyaku speaks, as server and as client, and the words an exchange shares.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::sasl {

enum class Mechanism : std::uint8_t {
  Plain,             // RFC 4616
  Login,             // draft-murchison-sasl-login: old, but what Outlook and many devices speak
  ScramSha256,       // RFC 5802, 7677
  ScramSha256Plus,   // the same with channel binding
};

// "PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS".
[[nodiscard]] std::string_view mechanism_name(Mechanism mechanism);
// ASCII case ignored.
[[nodiscard]] std::optional<Mechanism> mechanism_named(std::string_view name);
// PLAIN and LOGIN give the password to whoever reads the wire: only under TLS, or where the operator says so.
[[nodiscard]] constexpr bool shows_password(Mechanism mechanism) {
  return mechanism == Mechanism::Plain || mechanism == Mechanism::Login;
}

// What ties the exchange to the TLS connection under it. Of TLS 1.3: type "tls-exporter" (RFC 9266), data the 32 octets
// exported with the label "EXPORTER-Channel-Binding" and no context.
struct ChannelBinding {
  std::string type = "tls-exporter";
  std::string data;
};

}  // namespace hikyaku::sasl
