// "CLOSE" (RFC 9051 §6.4.1) expunges in silence, "UNSELECT" (§6.4.2) does not.
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> close(Conversation& talk, Cursor arguments) {
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  if (talk.selected->access == Access::ReadWrite) {
    Expunge request{talk.selected->key, std::nullopt};
    auto done = co_await talk.ask(std::move(request));
    if (!done) co_return no(done.error());
  }
  talk.selected.reset();
  co_return ok("Closed");
}

Task<Reply> unselect(Conversation& talk, Cursor arguments) {
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  talk.selected.reset();
  co_return ok("Closed, nothing expunged");
}

}  // namespace hikyaku::imap::commands
