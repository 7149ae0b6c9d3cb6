// Charsets of mail to UTF-8, by ICU. Japanese mail is decoded as it is written, not as it is labelled: ISO-2022-JP with
// NEC row 13, IBM extensions and half-width kana, Shift_JIS as CP932, EUC-JP with its vendor rows. Converters are opened
// once for each thread and kept.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::mime {

// Octets in that charset as UTF-8; what cannot be converted becomes U+FFFD. An unknown or empty charset is guessed.
// "us-ascii" with 8-bit octets, and a UTF-8 label over text that is not UTF-8, are guessed too. Never fails; the result
// is valid UTF-8.
[[nodiscard]] std::string to_utf8(std::string_view charset, std::string_view octets);

// Text without a label: UTF-8 if it is valid, ISO-2022-JP if it has its escapes, else what uchardet says, else
// windows-1252. Looks at the first 64 KiB.
[[nodiscard]] std::string guess_to_utf8(std::string_view octets);

[[nodiscard]] bool is_known_charset(std::string_view charset);
[[nodiscard]] bool is_valid_utf8(std::string_view text);
[[nodiscard]] bool is_ascii(std::string_view text);

// UTF-8 as octets of that charset (RFC 6855 and RFC 9051 SEARCH CHARSET go the other way); nothing is ever lost:
// returns an empty string when the charset is unknown or a character has no place in it.
[[nodiscard]] std::string from_utf8(std::string_view charset, std::string_view text);

}  // namespace hikyaku::mime
