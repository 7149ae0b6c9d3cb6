// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"       RFC 9051 §6.3.11
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/status_items.h"

namespace hikyaku::imap::commands {

Task<Reply> status(Conversation& talk, Cursor arguments) {
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(name, talk.parse_mailbox(arguments));
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(items, parse_status_items(arguments));
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  if (items & StatusHighestModSeq) talk.enable_condstore();  // RFC 7162 §3.1
  GetStatus request{name};
  auto answer = co_await talk.ask(std::move(request));
  if (!answer) co_return no(answer.error());
  talk.out += "* STATUS ";
  talk.print_mailbox(name);
  talk.out += ' ';
  print_status_items(talk.out, *answer, items, talk.settings.append_limit_octets);
  talk.out += "\r\n";
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands
