// Base64 (RFC 4648 §4), the strict form: canonical padding, no white space, no other octet.
// MIME's tolerant decoder is protocol/mime's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hikyaku {

[[nodiscard]] std::string base64_encode(std::string_view octets);
// Nothing when any octet is wrong. Linear.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace hikyaku
