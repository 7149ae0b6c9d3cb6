// What a mailbox may be called. Names are UTF-8 with '/' between levels; INBOX, alone or as the first level, is
// recognised in any case and kept in upper case (RFC 9051 §5.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/mailboxes/types.h"

namespace hikyaku::mailboxes {

inline constexpr std::string_view inbox = "INBOX";
inline constexpr std::size_t max_name_octets = 400, max_levels = 32;

// The one form in which the name is stored and compared. BadName: empty, too long, an empty level, control characters,
// broken UTF-8. '%' and '*' are allowed (RFC 9051 §5.1): people call folders "100 %", and bring them from elsewhere. One
// trailing '/' is dropped (§6.3.4).
[[nodiscard]] MailboxResult<std::string> normal_name(std::string_view name);
// "a/b/c" -> "a", "a/b".
[[nodiscard]] std::vector<std::string> parents(std::string_view name);
[[nodiscard]] bool is_child_of(std::string_view name, std::string_view parent);

}  // namespace hikyaku::mailboxes
