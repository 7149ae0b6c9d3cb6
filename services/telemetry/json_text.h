// Writing JSON by hand: a string with everything escaped that could break a line, a terminal or a parser.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::telemetry {

// Appends `text` in quotes. Control characters (C0, DEL, C1, U+2028, U+2029) and octets that are no UTF-8 are escaped
// (a stray octet as \u00XX), at most `most` octets of the text are taken. Linear.
void append_json_text(std::string& out, std::string_view text, std::size_t most = 2'000);

}  // namespace hikyaku::telemetry
