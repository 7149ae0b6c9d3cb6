// One line of the greylist's file: what was remembered or forgotten. Texts of strangers are in it, percent-encoded; a line that cannot
// be read (a torn end, another version's) is nothing. Pure, bounded, linear.
//
//   w SOURCE SENDER RECIPIENT FIRST LAST TRIES     waits         (times: seconds since 1970)
//   k SOURCE SINCE LAST MAILS                      is known
//   f SOURCE                                       a known one is forgotten, with what waits of it
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "services/policy/greylist.h"

namespace hikyaku::policy {

struct WaitingLine { GreylistKey key; GreylistMemory::Waiting waiting; };
struct KnownLine { std::string source; GreylistMemory::Known known; };
struct ForgottenLine { std::string source; };
using GreylistLine = std::variant<WaitingLine, KnownLine, ForgottenLine>;

inline constexpr std::string_view greylist_heading = "hikyaku-greylist 1";

[[nodiscard]] std::string greylist_line(const GreylistLine& line);  // with its line feed
[[nodiscard]] std::optional<GreylistLine> parse_greylist_line(std::string_view line);
// Puts back what the text of a file says, in order; how many lines could not be read, the heading's included.
std::size_t restore(GreylistMemory& memory, std::string_view text);

}  // namespace hikyaku::policy
