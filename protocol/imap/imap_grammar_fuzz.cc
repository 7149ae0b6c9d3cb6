// Every parser of arguments on the same octets; mailbox names must survive a round trip.
#include <cstdlib>

#include "protocol/imap/fetch_items.h"
#include "protocol/imap/grammar.h"
#include "protocol/imap/id_command.h"
#include "protocol/imap/list_match.h"
#include "protocol/imap/mailbox_name.h"
#include "protocol/imap/search_keys.h"
#include "protocol/imap/status_items.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  using namespace hikyaku::imap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto on = [text](auto parse) {
    Cursor in(text);
    (void)parse(in);
  };
  on(parse_astring);
  on(parse_flag_list);
  on(parse_sequence_set);
  on(parse_date_time);
  on(parse_date);
  on(parse_fetch);
  on(parse_id_arguments);
  on(parse_status_items);
  on([](Cursor& in) { return parse_search_program(in, "UTF-8"); });
  if (const auto name = from_modified_utf7(text)) {
    const auto wire = to_modified_utf7(*name);
    if (from_modified_utf7(wire) != name) std::abort();
  }
  if (size < 300) (void)list_pattern_matches(text.substr(0, size / 2), text.substr(size / 2), '/');
  return 0;
}
