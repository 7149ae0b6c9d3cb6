// append = "APPEND" SP mailbox 1*(SP append-message)       RFC 9051 §6.3.12, RFC 3502 (MULTIAPPEND)
// append-message = [SP flag-list] [SP date-time] SP (literal / append-data-ext)       RFC 4466, RFC 6855 §4
//
// The messages are streamed: the session never holds more of them than it was given at once.
#pragma once

#include "base/cursor.h"
#include "protocol/imap/conversation.h"

namespace hikyaku::imap {

// Whether the text after the tag, which ends in a literal's header, is an APPEND up to its first message. False: the
// literal is another one (another command's, or the mailbox's name). An error: it is an APPEND and cannot become right.
[[nodiscard]] Parsed<bool> announces_message(const Conversation& talk, Cursor after_tag);

// Answers such an APPEND: the client is told before it sends the message, or what it sends in any case is skipped.
[[nodiscard]] Task<Reply> refuse_append(Conversation& talk, SyntaxError error);

// Runs it; the text of the command is Conversation's, read from `at_octet`. The framer stands at the literal.
[[nodiscard]] Task<Reply> append_messages(Conversation& talk, std::string text, std::size_t at_octet);

}  // namespace hikyaku::imap
