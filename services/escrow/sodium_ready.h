// libsodium, started once; and its hexadecimal digits, which is how marks and keys are written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::escrow {

// Before any other call of the library. Thread-safe.
void need_sodium();
[[nodiscard]] std::string to_hex(std::string_view octets);
// Nothing: it is not twice as many digits as `octets`.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view digits, std::size_t octets);

}  // namespace hikyaku::escrow
