// The words of IMAP's grammar that many commands share (RFC 9051 §9, RFC 3501 §9): one function per production, its
// ABNF above it. Text is one framed command (framing.h): literals stand in it whole. Strict; every tolerance is named.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/cursor.h"
#include "protocol/imap/values.h"

namespace hikyaku::imap {

template <class T>
using Parsed = Result<T, SyntaxError>;

constexpr bool is_atom_special(char c) {
  return is_ctl(c) || is_eight_bit(c) || c == '(' || c == ')' || c == '{' || c == ' ' || c == '%' || c == '*' || c == '"' ||
         c == '\\' || c == ']';
}
constexpr bool is_atom_char(char c) { return !is_atom_special(c); }
constexpr bool is_astring_char(char c) { return is_atom_char(c) || c == ']'; }
constexpr bool is_tag_char(char c) { return is_astring_char(c) && c != '+'; }
constexpr bool is_list_char(char c) { return is_astring_char(c) || c == '%' || c == '*'; }

[[nodiscard]] Parsed<std::string> parse_tag(Cursor& in);
[[nodiscard]] Parsed<std::string_view> parse_atom(Cursor& in);
[[nodiscard]] Parsed<std::string> parse_quoted(Cursor& in);
[[nodiscard]] Parsed<std::string> parse_literal(Cursor& in);
[[nodiscard]] Parsed<std::string> parse_string(Cursor& in);
[[nodiscard]] Parsed<std::optional<std::string>> parse_nstring(Cursor& in);
[[nodiscard]] Parsed<std::string> parse_astring(Cursor& in);
[[nodiscard]] Parsed<std::string> parse_list_mailbox(Cursor& in);

[[nodiscard]] Parsed<void> parse_space(Cursor& in);
void skip_spaces(Cursor& in);
// Nothing may follow.
[[nodiscard]] Parsed<void> parse_end(Cursor& in);

[[nodiscard]] Parsed<std::uint32_t> parse_nz_number(Cursor& in);
[[nodiscard]] Parsed<std::uint32_t> parse_number32(Cursor& in);
[[nodiscard]] Parsed<std::uint64_t> parse_number64(Cursor& in);
[[nodiscard]] Parsed<SequenceSet> parse_sequence_set(Cursor& in);

// A flag a client may set: \Recent is the server's alone and an unknown \Flag is refused.
[[nodiscard]] Parsed<void> parse_flag_into(Cursor& in, MessageFlags& flags);
[[nodiscard]] Parsed<MessageFlags> parse_flag_list(Cursor& in);

// INTERNALDATE's form: quoted, fixed width, with zone.
[[nodiscard]] Parsed<WallTime> parse_date_time(Cursor& in);
// A date of SEARCH, as days since 1970-01-01.
[[nodiscard]] Parsed<std::chrono::sys_days> parse_date(Cursor& in);

// The largest number of octets of keywords and their largest count; the store's rows are bounded.
constexpr std::size_t keyword_octets_limit = 256;
constexpr std::size_t keywords_limit = 64;

}  // namespace hikyaku::imap
