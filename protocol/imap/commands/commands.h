// The commands after the login, one file each (table.cc lists them with their states). Each is given the text after its
// name, the space before the first argument included, and ends with its tagged reply.
#pragma once

#include "base/cursor.h"
#include "protocol/imap/conversation.h"

// Ends a command whose arguments cannot be parsed: refusal().
#define PARSE_OR_REFUSE(name, ...)                                                          \
  auto HIKYAKU_JOIN(name, _parsed) = (__VA_ARGS__);                                      \
  if (!HIKYAKU_JOIN(name, _parsed)) co_return refusal(HIKYAKU_JOIN(name, _parsed).error());  \
  auto name = *std::move(HIKYAKU_JOIN(name, _parsed))

namespace hikyaku::imap::commands {

Task<Reply> capability(Conversation& talk, Cursor arguments);
Task<Reply> noop(Conversation& talk, Cursor arguments);
Task<Reply> logout(Conversation& talk, Cursor arguments);
Task<Reply> id(Conversation& talk, Cursor arguments);
Task<Reply> enable(Conversation& talk, Cursor arguments);
Task<Reply> name_space(Conversation& talk, Cursor arguments);
Task<Reply> list(Conversation& talk, Cursor arguments);
Task<Reply> lsub(Conversation& talk, Cursor arguments);
Task<Reply> subscribe(Conversation& talk, Cursor arguments);
Task<Reply> unsubscribe(Conversation& talk, Cursor arguments);
Task<Reply> create(Conversation& talk, Cursor arguments);
Task<Reply> remove(Conversation& talk, Cursor arguments);
Task<Reply> rename(Conversation& talk, Cursor arguments);
Task<Reply> status(Conversation& talk, Cursor arguments);
Task<Reply> select(Conversation& talk, Cursor arguments);
Task<Reply> examine(Conversation& talk, Cursor arguments);
Task<Reply> close(Conversation& talk, Cursor arguments);
Task<Reply> unselect(Conversation& talk, Cursor arguments);
Task<Reply> append(Conversation& talk, Cursor arguments);
Task<Reply> expunge(Conversation& talk, Cursor arguments);
Task<Reply> uid_expunge(Conversation& talk, Cursor arguments);
Task<Reply> store(Conversation& talk, Cursor arguments);
Task<Reply> copy(Conversation& talk, Cursor arguments);
Task<Reply> move(Conversation& talk, Cursor arguments);
Task<Reply> search(Conversation& talk, Cursor arguments);
Task<Reply> fetch(Conversation& talk, Cursor arguments);
Task<Reply> idle(Conversation& talk, Cursor arguments);
Task<Reply> get_quota(Conversation& talk, Cursor arguments);
Task<Reply> get_quota_root(Conversation& talk, Cursor arguments);

}  // namespace hikyaku::imap::commands
