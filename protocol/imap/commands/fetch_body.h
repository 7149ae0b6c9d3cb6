// The items of FETCH that need octets of the message: BODY[...], BINARY[...], BINARY.SIZE[...]; streamed in pieces.
#pragma once

#include "protocol/imap/conversation.h"
#include "protocol/imap/fetch_items.h"
#include "protocol/mime/structure.h"

namespace hikyaku::imap {

// Prints label and value. False: the octets could not be read and nothing of the item was printed. When they fail in
// the middle of a literal the connection is broken off, for nothing else would be true.
[[nodiscard]] Task<bool> print_body_item(Conversation& talk, const FetchItem& item, const MessageRecord& record,
                                           const mime::Structure* structure);

// BINARY or BINARY.SIZE of a part whose transfer encoding is unknown here: NO [UNKNOWN-CTE] (RFC 9051 §6.4.5).
[[nodiscard]] bool is_undecodable(const FetchItem& item, const mime::Structure& structure);

}  // namespace hikyaku::imap
