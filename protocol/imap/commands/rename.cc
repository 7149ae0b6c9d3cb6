// rename = "RENAME" SP mailbox SP mailbox       RFC 9051 §6.3.6
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> rename(Conversation& talk, Cursor arguments) {
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(from, talk.parse_mailbox(arguments));
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(to, talk.parse_mailbox(arguments));
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  if (to == "INBOX") co_return no("ALREADYEXISTS", "There is an INBOX already");
  if (to.size() > 1 && to.back() == talk.settings.separator) to.pop_back();
  RenameMailbox request{std::move(from), std::move(to)};
  auto done = co_await talk.ask(std::move(request));
  if (!done) co_return no(done.error());
  co_return ok("Renamed");
}

}  // namespace hikyaku::imap::commands
