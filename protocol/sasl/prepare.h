// How names and passwords become comparable octets before any mechanism looks at them: SASLprep (RFC 4013), which
// RFC 5802 demands for SCRAM, and OpaqueString (RFC 8265 §4.2), its successor for passwords.
// Both take UTF-8, give UTF-8, and change nothing in printable ASCII. Linear; inputs over 4,096 octets are refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hikyaku::sasl {

enum class PrepareFailure : std::uint8_t {
  Empty,       // nothing is left after preparation
  TooLong,     // more than 4,096 octets
  NotUtf8,
  Prohibited,  // control characters, private use, non-characters, wrong bidirectional text, context rules not met
};

// RFC 4013, with unassigned code points let through (RFC 3454 §7 "query"): NFKC, so full-width letters match their
// ASCII forms. The same rule serves when a password is set and when it is used, so that emoji work in both.
[[nodiscard]] Result<std::string, PrepareFailure> saslprep(std::string_view text);

// RFC 8265 §4.2: spaces unified, NFC, FreeformClass of RFC 8264 §4.3.
[[nodiscard]] Result<std::string, PrepareFailure> opaque_string(std::string_view text);

}  // namespace hikyaku::sasl
