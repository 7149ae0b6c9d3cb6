// MAILBOXID (RFC 8474 §4.1): the mailbox's key as an objectid; it outlives renames.
#pragma once

#include <string>

#include "protocol/imap/store.h"

namespace hikyaku::imap {

[[nodiscard]] inline std::string mailbox_id(MailboxKey key) { return "m" + std::to_string(key); }

}  // namespace hikyaku::imap
