// RFC 2047 encoded words, both ways. Decoding is for reading and searching, so it is generous: characters split across
// words (joined when charset and encoding agree), words inside quotes or touching other text, missing padding, raw
// 8-bit. Never fails, linear; the result is valid UTF-8 on one line.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::mime {

// Any header text (Subject, a display name, a parameter value) as UTF-8.
[[nodiscard]] std::string decode_header_text(std::string_view value);

// Whether it has octets that a header may not carry as they are: 8-bit or controls, or what looks like an encoded word.
[[nodiscard]] bool needs_encoding(std::string_view utf8);

// UTF-8 text as a sequence of encoded words in UTF-8 and base64, each at most 75 characters (RFC 2047 §2), split between
// characters only, separated by CRLF SP. `first_line_used` is how much of the first line is taken already.
[[nodiscard]] std::string encode_header_text(std::string_view utf8, std::size_t first_line_used = 0);

}  // namespace hikyaku::mime
