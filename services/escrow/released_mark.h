// What is noted of mail that was released from escrow (docs/adr/0035-escrow.md): when, and whose it was. The text of a file below `released_folder`, which is
// named by the mail's mark. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace hikyaku::escrow {

struct ReleasedMail {
  static constexpr std::uint64_t most_octets = 4'000;  // of the text

  WallTime at{};
  std::string sender, recipient;  // without a recipient: not known
};

[[nodiscard]] std::string released_text(const ReleasedMail& mail);
// Nothing: its first line is no time. What follows it may be missing.
[[nodiscard]] std::optional<ReleasedMail> parse_released(std::string_view text);

}  // namespace hikyaku::escrow
