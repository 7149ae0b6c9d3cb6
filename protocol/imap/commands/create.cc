// create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]
// RFC 9051 §6.3.4, RFC 6154 §3, RFC 8474 §4.2
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"
#include "protocol/imap/mailbox_id.h"
#include "protocol/imap/special_use.h"

namespace hikyaku::imap::commands {
namespace {

// One use that no mailbox of ours has gives no mailbox at all: [USEATTR].
Parsed<std::optional<std::uint8_t>> parse_uses(Cursor& in) {
  std::optional<std::uint8_t> uses = UseNone;
  if (!in.take_ignoring_case("USE (")) return in.expected("USE");
  while (!in.take(')')) {
    TRY(use, parse_use_attribute(in));
    // \All and \Flagged are views over other mailboxes; nobody makes them.
    const bool possible = use != UseNone && use != UseAll && use != UseFlagged;
    if (!possible || !uses) {
      uses = std::nullopt;
    } else {
      *uses |= use;
    }
    in.take(' ');
  }
  if (!in.take(')')) return in.expected("\")\"");
  return uses;
}

}  // namespace

Task<Reply> create(Conversation& talk, Cursor arguments) {
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(name, talk.parse_mailbox(arguments));
  std::optional<std::uint8_t> uses = UseNone;
  if (arguments.take(" (")) {
    PARSE_OR_REFUSE(parsed, parse_uses(arguments));
    uses = parsed;
  }
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  if (!uses) co_return no("USEATTR", "No mailbox can have that use");
  // A trailing separator says that mailboxes will be made below it (RFC 9051 §6.3.4): nothing to do for us.
  if (name.size() > 1 && name.back() == talk.settings.separator) name.pop_back();
  CreateMailbox request{std::move(name), *uses};
  auto created = co_await talk.ask(std::move(request));
  if (!created) co_return no(created.error());
  co_return ok("MAILBOXID (" + mailbox_id(created->key) + ")", "Created");
}

}  // namespace hikyaku::imap::commands
