// delete = "DELETE" SP mailbox       RFC 9051 §6.3.5
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> remove(Conversation& talk, Cursor arguments) {
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(name, talk.parse_mailbox(arguments));
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  if (name == "INBOX") co_return no("CANNOT", "INBOX stays");
  DeleteMailbox request{std::move(name)};
  auto done = co_await talk.ask(std::move(request));
  if (!done) co_return no(done.error());
  co_return ok("Deleted");
}

}  // namespace hikyaku::imap::commands
