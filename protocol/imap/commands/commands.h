// The commands after the login, one file each (table.cc lists them with their states). Each is given the text after its
// name, the space before the first argument included, and ends with its tagged reply.
#pragma once

#include "base/cursor.h"
#include "protocol/imap/conversation.h"

// BAD from a command whose arguments cannot be parsed.
#define PARSE_OR_BAD(name, ...)                                                          \
  auto HIKYAKU_JOIN(name, _parsed) = (__VA_ARGS__);                                      \
  if (!HIKYAKU_JOIN(name, _parsed)) co_return bad(HIKYAKU_JOIN(name, _parsed).error());  \
  auto name = *std::move(HIKYAKU_JOIN(name, _parsed))

namespace hikyaku::imap::commands {

Script<Reply> capability(Conversation& talk, Cursor arguments);
Script<Reply> noop(Conversation& talk, Cursor arguments);
Script<Reply> logout(Conversation& talk, Cursor arguments);
Script<Reply> id(Conversation& talk, Cursor arguments);
Script<Reply> enable(Conversation& talk, Cursor arguments);
Script<Reply> name_space(Conversation& talk, Cursor arguments);
Script<Reply> list(Conversation& talk, Cursor arguments);
Script<Reply> lsub(Conversation& talk, Cursor arguments);
Script<Reply> subscribe(Conversation& talk, Cursor arguments);
Script<Reply> unsubscribe(Conversation& talk, Cursor arguments);
Script<Reply> create(Conversation& talk, Cursor arguments);
Script<Reply> remove(Conversation& talk, Cursor arguments);
Script<Reply> rename(Conversation& talk, Cursor arguments);
Script<Reply> status(Conversation& talk, Cursor arguments);
Script<Reply> select(Conversation& talk, Cursor arguments);
Script<Reply> examine(Conversation& talk, Cursor arguments);
Script<Reply> close(Conversation& talk, Cursor arguments);
Script<Reply> unselect(Conversation& talk, Cursor arguments);
Script<Reply> append(Conversation& talk, Cursor arguments);
Script<Reply> expunge(Conversation& talk, Cursor arguments);
Script<Reply> uid_expunge(Conversation& talk, Cursor arguments);
Script<Reply> store(Conversation& talk, Cursor arguments);
Script<Reply> copy(Conversation& talk, Cursor arguments);
Script<Reply> move(Conversation& talk, Cursor arguments);
Script<Reply> search(Conversation& talk, Cursor arguments);
Script<Reply> fetch(Conversation& talk, Cursor arguments);
Script<Reply> idle(Conversation& talk, Cursor arguments);
Script<Reply> get_quota(Conversation& talk, Cursor arguments);
Script<Reply> get_quota_root(Conversation& talk, Cursor arguments);

}  // namespace hikyaku::imap::commands
