// One line of the file of what inner servers said. Addresses are percent-encoded; a line that cannot be read (a torn end, another version's) is nothing.
// Pure, bounded, linear.
//
//   t USER AT        taken           (times: seconds since 1970)
//   u USER AT        unknown
//   n USER AT        not told
//   e DOMAIN AT      its server takes everybody
//   s DOMAIN AT      it does not
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "services/policy/recipient_memory.h"

namespace hikyaku::policy {

struct UserLine { std::string user; RecipientMemory::User what; };
struct ServerLine { std::string domain; RecipientMemory::Server what; };
using RecipientLine = std::variant<UserLine, ServerLine>;

inline constexpr std::string_view recipients_heading = "hikyaku-inner-recipients 1";

[[nodiscard]] std::string recipient_line(const RecipientLine& line);  // with its line feed
[[nodiscard]] std::optional<RecipientLine> parse_recipient_line(std::string_view line);
// Puts back what the text of a file says, in order; how many lines could not be read, the heading's included.
std::size_t restore(RecipientMemory& memory, std::string_view text);

}  // namespace hikyaku::policy
