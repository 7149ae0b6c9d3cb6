// The names of special uses on the wire (RFC 6154 §2).
#pragma once

#include <string>

#include "protocol/imap/grammar.h"

namespace hikyaku::imap {

// use-attr = "\All" / "\Archive" / "\Drafts" / "\Flagged" / "\Junk" / "\Sent" / "\Trash". UseNone: another one.
[[nodiscard]] Parsed<SpecialUse> parse_use_attribute(Cursor& in);
// Adds " \Sent" for each bit.
void print_special_uses(std::string& out, std::uint8_t uses);

}  // namespace hikyaku::imap
