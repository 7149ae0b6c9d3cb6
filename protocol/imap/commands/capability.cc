// capability = "CAPABILITY"       RFC 9051 §6.1.1
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> capability(Conversation& talk, Cursor arguments) {
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  talk.untagged("CAPABILITY " + session_capabilities(talk.settings));
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands
