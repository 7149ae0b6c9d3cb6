#include "protocol/sasl/scram_message.h"

#include <algorithm>

#include "base/base64.h"

namespace hikyaku::sasl {
namespace {

// value = 1*<Value-char except ",">; NUL is never part of a message.
std::string_view take_value(Cursor& in) {
  return in.take_while([](char c) { return c != ',' && c != '\0'; });
}

// saslname = 1*(value-safe-char / "=2C" / "=3D")
Result<std::string, SyntaxError> parse_saslname(Cursor& in) {
  std::string name;
  while (!in.at_end() && in.peek() != ',') {
    if (in.take("=2C") || in.take("=2c")) {
      name += ',';
    } else if (in.take("=3D") || in.take("=3d")) {
      name += '=';
    } else if (in.peek() == '=' || in.peek() == '\0') {
      return in.expected("=2C or =3D");
    } else {
      name += in.next();
    }
  }
  if (name.empty()) return in.expected("name");
  return name;
}

// nonce = "r=" c-nonce [s-nonce]
Result<std::string_view, SyntaxError> parse_nonce(Cursor& in) {
  if (!in.take("r=")) return in.expected("r=");
  const auto nonce = take_value(in);
  if (!is_scram_printable(nonce)) return in.expected("nonce");
  return nonce;
}

Result<std::string, SyntaxError> parse_base64(Cursor& in) {
  auto octets = base64_decode(take_value(in));
  if (!octets || octets->empty()) return in.expected("base64");
  return *std::move(octets);
}

// extensions = attr-val *("," attr-val), each ALPHA "=" value: to be ignored (RFC 5802 §5.1). Stops before "p=" when
// `stop_at_proof`, the last attribute of client-final.
Result<void, SyntaxError> skip_extensions(Cursor& in, std::string_view stop_at) {
  while (!in.at_end()) {
    if (!stop_at.empty() && in.rest().starts_with(stop_at)) return {};
    if (!in.take(',')) return in.expected("\",\"");
    if (!is_alpha(in.next()) || !in.take('=')) return in.expected("attribute");
    if (take_value(in).empty()) return in.expected("value");
  }
  return {};
}

// gs2-cbind-flag = ("p=" cb-name) / "n" / "y"
Result<Gs2Flag, SyntaxError> parse_flag(Cursor& in, std::string_view& binding_type) {
  if (in.take('n')) return Gs2Flag::None;
  if (in.take('y')) return Gs2Flag::Supported;
  if (!in.take("p=")) return in.expected("gs2-cbind-flag");
  binding_type = in.take_while([](char c) { return is_alpha(c) || is_digit(c) || c == '.' || c == '-'; });
  if (binding_type.empty()) return in.expected("cb-name");
  return Gs2Flag::Used;
}

}  // namespace

bool is_scram_printable(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
}

std::string escape_saslname(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

// client-first-message = gs2-cbind-flag "," [ "a=" saslname ] "," [reserved-mext ","] "n=" saslname "," nonce ["," ext]
Result<ClientFirst, SyntaxError> parse_client_first(std::string_view message) {
  Cursor in(message);
  ClientFirst out;
  TRY(flag, parse_flag(in, out.binding_type));
  out.flag = flag;
  if (!in.take(',')) return in.expected("\",\"");
  if (in.take("a=")) {
    TRY(identity, parse_saslname(in));
    out.authorization_identity = std::move(identity);
  }
  if (!in.take(',')) return in.expected("\",\"");
  out.gs2_header = message.substr(0, in.position());
  out.bare = in.rest();
  // reserved-mext ("m=...") means a mandatory extension that we do not know: the exchange must fail (RFC 5802 §5.1).
  if (!in.take("n=")) return in.expected("n=");
  TRY(user, parse_saslname(in));
  out.user = std::move(user);
  if (!in.take(',')) return in.expected("\",\"");
  TRY(nonce, parse_nonce(in));
  out.nonce = nonce;
  TRY_VOID(skip_extensions(in, {}));
  return out;
}

// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
Result<ServerFirst, SyntaxError> parse_server_first(std::string_view message) {
  Cursor in(message);
  ServerFirst out;
  TRY(nonce, parse_nonce(in));
  out.nonce = nonce;
  if (!in.take(",s=")) return in.expected("s=");
  TRY(salt, parse_base64(in));
  out.salt = std::move(salt);
  if (!in.take(",i=")) return in.expected("i=");
  TRY(iterations, parse_number(in, 0xffff'ffff));
  out.iterations = static_cast<std::uint32_t>(iterations);
  TRY_VOID(skip_extensions(in, {}));
  return out;
}

// client-final-message = channel-binding "," nonce ["," extensions] "," proof
Result<ClientFinal, SyntaxError> parse_client_final(std::string_view message) {
  Cursor in(message);
  ClientFinal out;
  if (!in.take("c=")) return in.expected("c=");
  TRY(binding, parse_base64(in));
  out.channel_binding = std::move(binding);
  if (!in.take(',')) return in.expected("\",\"");
  TRY(nonce, parse_nonce(in));
  out.nonce = nonce;
  TRY_VOID(skip_extensions(in, ",p="));
  out.without_proof = message.substr(0, in.position());
  if (!in.take(",p=")) return in.expected("p=");
  TRY(proof, parse_base64(in));
  out.proof = std::move(proof);
  if (!in.at_end()) return in.expected("end of message");
  return out;
}

// server-final-message = ("e=" server-error-value / "v=" base64) ["," extensions]
Result<ServerFinal, SyntaxError> parse_server_final(std::string_view message) {
  Cursor in(message);
  ServerFinal out;
  if (in.take("e=")) {
    out.error = take_value(in);
    if (out.error.empty()) return in.expected("error");
    return out;
  }
  if (!in.take("v=")) return in.expected("v=");
  TRY(verifier, parse_base64(in));
  out.verifier = std::move(verifier);
  TRY_VOID(skip_extensions(in, {}));
  return out;
}

}  // namespace hikyaku::sasl
