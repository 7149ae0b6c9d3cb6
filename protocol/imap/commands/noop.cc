// "NOOP" (RFC 9051 §6.1.2) and "CHECK" (RFC 3501 §6.4.1): what happened in the mailbox is told after every command, so
// that there is nothing left to do here.
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> noop(Conversation& talk, Cursor arguments) {
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  if (talk.selected && talk.command == "NOOP") talk.selected->arrivals_told_aside = false;  // who asks so looks at the size
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands
