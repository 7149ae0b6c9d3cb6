// id = "ID" SP id_params_list       RFC 2971 §3.1
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/id_command.h"

namespace hikyaku::imap::commands {

Task<Reply> id(Conversation& talk, Cursor arguments) {
  if (auto parsed = parse_id_arguments(arguments); !parsed) co_return bad(parsed.error());
  print_id_response(talk.out, talk.settings.product, talk.settings.version);
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands
