// namespace-command = "NAMESPACE"       RFC 9051 §6.3.10: one personal namespace, no others.
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> name_space(Conversation& talk, Cursor arguments) {
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  std::string line = "NAMESPACE ((\"\" \"";
  line += talk.settings.separator;
  line += "\")) NIL NIL";
  talk.untagged(line);
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands
