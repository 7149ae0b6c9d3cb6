#include "protocol/imap/id_command.h"

#include "protocol/imap/print.h"

namespace hikyaku::imap {

namespace {

// Tolerated: values without quotes and commas between them, which some clients send ("version" 102.7.1). What is said
// here is for logs alone; an error would only keep such a client from working.
Parsed<void> parse_word(Cursor& in) {
  if (in.peek() == '"' || in.peek() == '{') {
    TRY_VOID(parse_string(in));
  } else {
    TRY_VOID(parse_atom(in));
  }
  in.take(',');
  return {};
}

}  // namespace

Parsed<void> parse_id_arguments(Cursor& in) {
  TRY_VOID(parse_space(in));
  if (in.take_ignoring_case("NIL")) return parse_end(in);
  if (!in.take('(')) return in.expected("\"(\" or NIL");
  for (int pairs = 0; !in.take(')'); ++pairs) {
    if (pairs == 30) return in.expected("at most 30 pairs");
    if (pairs > 0) TRY_VOID(parse_space(in));
    TRY_VOID(parse_word(in));
    TRY_VOID(parse_space(in));
    TRY_VOID(parse_word(in));
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
