// Asks rspamd about a message by HTTP (POST /checkv2): the envelope as header fields, the text as the body, sent as it is read. A connection serves one message.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/connection.h"
#include "services/filters/asked.h"
#include "services/filters/rspamd_reply.h"
#include "services/scanning/scanner.h"

namespace hikyaku::filters {

// "IP", "192.0.2.7"; "Rcpt" as often as there are recipients.
using RspamdFacts = std::vector<std::pair<std::string_view, std::string>>;

// `text` has just so many octets. The error is a clause: why it did not say. Ends within the row's times.
Task<Result<RspamdReply, std::string>> ask_rspamd(io::Loop& loop, settings::FilterRow row, Asked& asked, AskTerms terms, RspamdFacts facts, scanning::Text& text, std::uint64_t octets);

}  // namespace hikyaku::filters
