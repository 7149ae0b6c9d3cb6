// subscribe = "SUBSCRIBE" SP mailbox, unsubscribe = "UNSUBSCRIBE" SP mailbox       RFC 9051 §6.3.7, §6.3.8
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {
namespace {

Task<Reply> set_subscription(Conversation& talk, Cursor arguments, Subscription state) {
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(name, talk.parse_mailbox(arguments));
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  Subscribe request{std::move(name), state};
  auto done = co_await talk.ask(std::move(request));
  if (!done) co_return no(done.error());
  co_return ok("Done");
}

}  // namespace

Task<Reply> subscribe(Conversation& talk, Cursor arguments) { return set_subscription(talk, arguments, Subscription::On); }
Task<Reply> unsubscribe(Conversation& talk, Cursor arguments) { return set_subscription(talk, arguments, Subscription::Off); }

}  // namespace hikyaku::imap::commands
