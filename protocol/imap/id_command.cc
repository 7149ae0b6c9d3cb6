#include "protocol/imap/id_command.h"

#include "protocol/imap/print.h"

namespace hikyaku::imap {

Parsed<void> parse_id_arguments(Cursor& in) {
  TRY_VOID(parse_space(in));
  if (in.take_ignoring_case("NIL")) return parse_end(in);
  if (!in.take('(')) return in.expected("\"(\" or NIL");
  for (int pairs = 0; !in.take(')'); ++pairs) {
    if (pairs == 30) return in.expected("at most 30 pairs");
    if (pairs > 0) TRY_VOID(parse_space(in));
    TRY_VOID(parse_string(in));
    TRY_VOID(parse_space(in));
    TRY_VOID(parse_nstring(in));
  }
  return parse_end(in);
}

void print_id_response(std::string& out, std::string_view product, std::string_view version) {
  out += "* ID (\"name\" ";
  print_string(out, product);
  if (!version.empty()) out += " \"version\" ", print_string(out, version);
  out += ")\r\n";
}

}  // namespace hikyaku::imap
