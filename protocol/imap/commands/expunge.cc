// "EXPUNGE" (RFC 9051 §6.4.3), "UID EXPUNGE" SP sequence-set (§6.4.9)
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {
namespace {

Task<Reply> expunge_messages(Conversation& talk, std::optional<NumberSet> uids) {
  if (talk.selected->access == Access::ReadOnly) co_return no(Trouble{TroubleKind::ReadOnly, {}});
  if (!uids || !uids->empty()) {
    Expunge request{talk.selected->key, std::move(uids)};
    auto done = co_await talk.ask(std::move(request));
    if (!done) co_return no(done.error());
  }
  auto changes = talk.tell_changes(Expunges::Tell);
  co_await std::move(changes);
  if (!talk.qresync || talk.mailbox_gone) co_return ok("Done");
  // RFC 7162 §3.2.7
  std::string code = "HIGHESTMODSEQ ";
  print_number(code, talk.selected->modseq);
  co_return ok(std::move(code), "Done");
}

}  // namespace

Task<Reply> expunge(Conversation& talk, Cursor arguments) {
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  auto script = expunge_messages(talk, std::nullopt);
  auto reply = co_await std::move(script);
  co_return reply;
}

Task<Reply> uid_expunge(Conversation& talk, Cursor arguments) {
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(set, parse_sequence_set(arguments));
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  auto uids = talk.resolve(set, NumberedBy::Uid);
  if (!uids) co_return uids.error();
  auto script = expunge_messages(talk, *std::move(uids));
  auto reply = co_await std::move(script);
  co_return reply;
}

}  // namespace hikyaku::imap::commands
