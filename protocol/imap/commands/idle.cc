// "IDLE" CRLF, then "DONE"       RFC 2177, RFC 9051 §6.3.13
#include <utility>

#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> idle(Conversation& talk, Cursor arguments) {
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  talk.out += "+ idling\r\n";
  // Thunderbird (153) passes over an EXISTS beside the answer to a STORE or FETCH, then idles and would not show the mail for minutes.
  if (talk.selected && std::exchange(talk.selected->arrivals_told_aside, false)) talk.tell_size();
  std::string line;
  for (;;) {
    if (talk.selected) {
      auto changes = talk.tell_changes(Expunges::Tell);
      co_await std::move(changes);
      if (talk.mailbox_gone) co_return ok("Done");
    }
    // Several changes may come for one wake, and input may come with them.
    for (;;) {
      const auto found = talk.framer().next_line(line, 64);
      if (found == LineFound::TooLong) co_return bad("Expected DONE");
      if (found == LineFound::Whole) co_return equal_ignoring_case(line, "DONE") ? ok("Done") : bad("Expected DONE");
      if (talk.leaving()) co_return ok("Done");
      if (talk.take_change()) break;
      co_await talk.input_or_change();
    }
  }
}

}  // namespace hikyaku::imap::commands
