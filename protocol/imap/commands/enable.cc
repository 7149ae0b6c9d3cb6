// enable = "ENABLE" 1*(SP capability)       RFC 9051 §6.3.1, RFC 7162 §3.1 and §3.2.3, RFC 6855 §3
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {

Task<Reply> enable(Conversation& talk, Cursor arguments) {
  std::string enabled;
  bool condstore = talk.condstore;
  const auto note = [&](bool& state, std::string_view name) {
    if (!state) enabled += ' ', enabled += name;
    state = true;
  };
  do {
    if (auto space = parse_space(arguments); !space) co_return bad(space.error());
    PARSE_OR_REFUSE(name, parse_atom(arguments));
    if (equal_ignoring_case(name, "IMAP4rev2")) note(talk.rev2, "IMAP4rev2");
    if (equal_ignoring_case(name, "UTF8=ACCEPT")) note(talk.utf8, "UTF8=ACCEPT");  // RFC 6855 §3
    if (equal_ignoring_case(name, "CONDSTORE")) note(condstore, "CONDSTORE");
    if (equal_ignoring_case(name, "QRESYNC")) {
      condstore = true;  // RFC 7162 §3.2.3
      note(talk.qresync, "QRESYNC");
    }
  } while (!arguments.at_end());
  talk.untagged("ENABLED" + enabled);
  if (condstore) talk.enable_condstore();
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands
