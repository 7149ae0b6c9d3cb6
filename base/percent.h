// Percent-encoding of URIs (RFC 3986 §2.1), the strict form. MIME's tolerant decoder is protocol/mime's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hikyaku {

// Nothing when a percent sign is not followed by two hexadecimal digits. Any octet may come out. Linear.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace hikyaku
