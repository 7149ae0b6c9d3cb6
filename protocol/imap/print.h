// What the server says, in the shapes clients parse: strings, flags, sets, dates (RFC 9051 §9). Every function appends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "protocol/imap/values.h"

namespace hikyaku::imap {

// Quoted where it can be (printable ASCII up to 1,000 octets), else a literal.
void print_string(std::string& out, std::string_view text);
void print_nstring(std::string& out, const std::optional<std::string>& text);
// A mailbox name or another astring: an atom where it can be, else as print_string; UTF-8 may stand in quotes when
// `utf8_quoted` (the client enabled IMAP4rev2).
enum class Quoted8Bit : unsigned char { Never, Utf8 };
void print_astring(std::string& out, std::string_view text, Quoted8Bit eight_bit = Quoted8Bit::Never);
void print_number(std::string& out, std::uint64_t number);
// "\Seen $Label", without parentheses; `recent` adds \Recent.
enum class Recency : unsigned char { Old, Recent };
void print_flags(std::string& out, const MessageFlags& flags, Recency recency);
void print_number_set(std::string& out, const NumberSet& set);
// "17-Jul-1996 02:44:25 +0000" in its quotes.
// In a zone so far east of UTC: "17-Jul-1996 09:44:25 +0000".
void print_date_time(std::string& out, WallTime time, std::chrono::minutes zone);
// Human text of a reply: control characters and octets beyond ASCII become "?".
void print_text(std::string& out, std::string_view text);

}  // namespace hikyaku::imap
