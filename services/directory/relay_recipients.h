// Relay recipients: who of a relay domain's inner server has mail, as far as we are told: the check its mail meets at RCPT, and the list where there is one.
// Pure values; the list is held in the directory's partition, a row each, with source and date.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/directory/gateway_text.h"
#include "services/directory/types.h"

namespace hikyaku::directory {

inline constexpr std::size_t most_relay_recipients = 500'000, longest_recipient_source = 100;

[[nodiscard]] std::string_view recipient_check_name(RecipientCheck check);  // "any", "list", "ask"
[[nodiscard]] std::optional<RecipientCheck> parse_recipient_check(std::string_view name);

// "user@domain" in its one form, of `domain`. One sentence with a remedy when it is none.
[[nodiscard]] Result<std::string, std::string> normal_relay_recipient(std::string_view text, std::string_view domain);

// One address a line, alone or as the rows of Postfix's relay_recipient_maps have it, "user@domain OK" (whatever the second word: it says nothing there).
// '#' begins a comment line. Twice the same is once. Linear.
struct ParsedRecipients {
  std::vector<std::string> addresses;  // sorted
  std::vector<BadRow> bad;
};
[[nodiscard]] ParsedRecipients parse_relay_recipients(std::string_view text, std::string_view domain);

}  // namespace hikyaku::directory
