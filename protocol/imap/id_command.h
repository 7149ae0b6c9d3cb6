// The arguments of ID (RFC 2971 §3.1), before and after the login alike.
#pragma once

#include "protocol/imap/grammar.h"

namespace hikyaku::imap {

// SP ( "(" *(string SP nstring) ")" / nil ): at most 30 pairs (RFC 2971 §3.3). What a client says of itself is checked
// and not kept.
[[nodiscard]] Parsed<void> parse_id_arguments(Cursor& in);
void print_id_response(std::string& out, std::string_view product, std::string_view version);

}  // namespace hikyaku::imap
