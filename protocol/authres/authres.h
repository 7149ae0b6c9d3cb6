// The Authentication-Results field (RFC 8601): what a border server found out about a message, told to those behind it.
// Writing it, reading it, and finding those that claim to be ours and are not. Pure, bounded, linear.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cursor.h"
#include "protocol/mime/header.h"

namespace hikyaku::authres {

inline constexpr std::size_t most_results = 100, most_properties = 32;

// "smtp.mailfrom=user@domain", "header.d=a.example", "policy.iprev=192.0.2.7"
struct Property {
  std::string type, name, value;
  friend bool operator==(const Property&, const Property&) = default;
};

// "dkim=pass (2048-bit key) header.d=a.example"
struct MethodResult {
  std::string method, result;
  std::string comment;  // when read: lost
  std::string reason;
  std::vector<Property> properties;
  friend bool operator==(const MethodResult&, const MethodResult&) = default;
};

struct AuthenticationResults {
  std::string authserv_id;
  std::vector<MethodResult> results;  // none: "none"
  friend bool operator==(const AuthenticationResults&, const AuthenticationResults&) = default;
};

// All after the authserv-id: "spf=pass smtp.mailfrom=a.example;\r\n\tdkim=...". Values are quoted where the grammar wants
// it; control characters, which an attacker may have put into names, become "?".
[[nodiscard]] std::string results_text(const std::vector<MethodResult>& results);
// The whole field with CRLF, one result a line.
[[nodiscard]] std::string field_text(const AuthenticationResults& results);

// The value of a field. Tolerated: what stands unquoted in values where it should not, since most writers do that.
[[nodiscard]] Result<AuthenticationResults, SyntaxError> parse(std::string_view value);

struct Payload {
  std::string authserv_id;
  std::string_view results;  // as written, comments included, without white space around; empty: "none"
};
// Only who wrote it, and the rest as it stands; what ARC seals (RFC 8617 §4.1.1).
[[nodiscard]] std::optional<Payload> read_payload(std::string_view value);

// Places of the fields in a message's header that claim this authserv-id, or whose claim cannot be read. At the border none
// of them is ours: they must go before our own is added (RFC 8601 §5).
[[nodiscard]] std::vector<mime::OctetRange> forged_fields(std::string_view header, std::string_view authserv_id);

}  // namespace hikyaku::authres
