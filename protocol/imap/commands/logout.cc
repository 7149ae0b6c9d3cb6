// "LOGOUT"       RFC 9051 §6.1.3
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> logout(Conversation& talk, Cursor arguments) {
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  talk.untagged("BYE See you");
  talk.logout = true;
  co_return ok("Logged out");
}

}  // namespace hikyaku::imap::commands
