#include "protocol/imap/fetch_items.h"

#include "protocol/imap/print.h"

namespace hikyaku::imap {
namespace {

FetchItem simple(FetchKind kind, std::string_view label) { return {.kind = kind, .label = std::string(label)}; }

// header-list = "(" header-fld-name *(SP header-fld-name) ")"
Parsed<void> parse_header_list(Cursor& in, FetchItem& item) {
  if (!in.take('(')) return in.expected("\"(\"");
  do {
    if (item.fields.size() == header_fields_limit) return in.expected("fewer header fields");
    TRY(field, parse_astring(in));
    item.fields.push_back(std::move(field));
  } while (in.take(' '));
  if (!in.take(')')) return in.expected("\")\"");
  return {};
}

// section-part = nz-number *("." nz-number)
Parsed<void> parse_section_part(Cursor& in, FetchItem& item) {
  for (;;) {
    if (item.path.size() == part_depth_limit) return in.expected("fewer part numbers");
    TRY(number, parse_nz_number(in));
    item.path.push_back(number);
    const auto before_dot = in.position();
    if (!in.take('.')) return {};
    if (!is_digit(in.peek())) return in.rewind_to(before_dot), Parsed<void>{};
  }
}

// section-text = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT" / "MIME" (with part numbers only)
Parsed<void> parse_section_text(Cursor& in, FetchItem& item) {
  if (in.take_ignoring_case("HEADER.FIELDS.NOT ")) {
    item.part = SectionPart::HeaderFieldsNot;
    return parse_header_list(in, item);
  }
  if (in.take_ignoring_case("HEADER.FIELDS ")) {
    item.part = SectionPart::HeaderFields;
    return parse_header_list(in, item);
  }
  if (in.take_ignoring_case("HEADER")) return item.part = SectionPart::Header, Parsed<void>{};
  if (in.take_ignoring_case("TEXT")) return item.part = SectionPart::Text, Parsed<void>{};
  if (!item.path.empty() && in.take_ignoring_case("MIME")) return item.part = SectionPart::Mime, Parsed<void>{};
  return in.expected("HEADER, HEADER.FIELDS, TEXT or MIME");
}

// section = "[" [section-spec] "]"
Parsed<void> parse_section(Cursor& in, FetchItem& item) {
  if (!in.take('[')) return in.expected("\"[\"");
  if (in.take(']')) return {};
  if (is_digit(in.peek())) {
    TRY_VOID(parse_section_part(in, item));
    if (in.take(']')) return {};
    if (!in.take('.')) return in.expected("\".\" or \"]\"");
  }
  TRY_VOID(parse_section_text(in, item));
  if (!in.take(']')) return in.expected("\"]\"");
  return {};
}

// section-binary = "[" [section-part] "]"
Parsed<void> parse_section_binary(Cursor& in, FetchItem& item) {
  if (!in.take('[')) return in.expected("\"[\"");
  if (in.take(']')) return {};
  TRY_VOID(parse_section_part(in, item));
  if (!in.take(']')) return in.expected("\"]\"");
  return {};
}

// partial = "<" number64 "." nz-number64 ">"
Parsed<void> parse_partial(Cursor& in, FetchItem& item) {
  if (!in.take('<')) return {};
  Partial partial;
  TRY(origin, parse_number64(in));
  partial.origin = origin;
  if (!in.take('.')) return in.expected("\".\"");
  TRY(octets, parse_number64(in));
  if (octets == 0) return in.expected("a number from 1");
  partial.octets = octets;
  if (!in.take('>')) return in.expected("\">\"");
  item.partial = partial;
  return {};
}

std::string label_of(std::string_view name, const FetchItem& item) {
  std::string label(name);
  label += '[';
  for (std::size_t i = 0; i < item.path.size(); ++i) {
    if (i > 0) label += '.';
    print_number(label, item.path[i]);
  }
  if (item.part != SectionPart::Whole && !item.path.empty()) label += '.';
  constexpr std::string_view parts[] = {"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};
  label += parts[static_cast<std::size_t>(item.part)];
  char before = '(';
  for (const auto& field : item.fields) {
    label += before == '(' ? " (" : " ";
    before = ' ';
    print_astring(label, field);
  }
  if (!item.fields.empty()) label += ')';
  label += ']';
  if (item.partial) label += '<', print_number(label, item.partial->origin), label += '>';
  return label;
}

enum class Peek : std::uint8_t { No, Yes };

Parsed<FetchItem> parse_body_section(Cursor& in, Peek peek) {
  FetchItem item{.kind = FetchKind::Section, .sets_seen = peek == Peek::No};
  TRY_VOID(parse_section(in, item));
  TRY_VOID(parse_partial(in, item));
  item.label = label_of("BODY", item);
  return item;
}

Parsed<FetchItem> parse_binary(Cursor& in, Peek peek) {
  FetchItem item{.kind = FetchKind::Binary, .sets_seen = peek == Peek::No};
  TRY_VOID(parse_section_binary(in, item));
  TRY_VOID(parse_partial(in, item));
  item.label = label_of("BINARY", item);
  return item;
}

Parsed<FetchItem> parse_fetch_att(Cursor& in) {
  const auto start = in.position();
  const auto name = in.take_while([](char c) { return is_alpha(c) || is_digit(c) || c == '.'; });
  const auto is = [&](std::string_view wanted) { return equal_ignoring_case(name, wanted); };
  using enum FetchKind;
  if (in.peek() == '[') {
    if (is("BODY")) return parse_body_section(in, Peek::No);
    if (is("BODY.PEEK")) return parse_body_section(in, Peek::Yes);
    if (is("BINARY")) return parse_binary(in, Peek::No);
    if (is("BINARY.PEEK")) return parse_binary(in, Peek::Yes);
    if (is("BINARY.SIZE")) {
      FetchItem item{.kind = BinarySize};
      TRY_VOID(parse_section_binary(in, item));
      item.label = label_of("BINARY.SIZE", item);
      return item;
    }
  }
  constexpr std::pair<std::string_view, FetchKind> simples[] = {
      {"FLAGS", Flags},           {"UID", Uid},           {"INTERNALDATE", InternalDate}, {"RFC822.SIZE", Size},
      {"MODSEQ", ModSeq},         {"EMAILID", EmailId},   {"THREADID", ThreadId},         {"SAVEDATE", SaveDate},
      {"ENVELOPE", Envelope},     {"BODY", Body},         {"BODYSTRUCTURE", BodyStructure}};
  for (const auto& [label, kind] : simples) {
    if (is(label)) return simple(kind, label);
  }
  // RFC 3501 §6.4.5: RFC822 is BODY[], RFC822.HEADER is BODY.PEEK[HEADER], RFC822.TEXT is BODY[TEXT].
  if (is("RFC822")) return FetchItem{.kind = Section, .sets_seen = true, .label = "RFC822"};
  if (is("RFC822.HEADER")) return FetchItem{.kind = Section, .part = SectionPart::Header, .label = "RFC822.HEADER"};
  if (is("RFC822.TEXT")) return FetchItem{.kind = Section, .part = SectionPart::Text, .sets_seen = true, .label = "RFC822.TEXT"};
  in.rewind_to(start);
  return in.expected("a FETCH item");
}

// "ALL" = (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE), "FAST" without the last, "FULL" with BODY
bool take_macro(Cursor& in, std::vector<FetchItem>& items) {
  const auto start = in.position();
  const auto word = in.take_while(is_alpha);
  const bool all = equal_ignoring_case(word, "ALL"), fast = equal_ignoring_case(word, "FAST"),
             full = equal_ignoring_case(word, "FULL");
  if (!all && !fast && !full) return in.rewind_to(start), false;
  items = {simple(FetchKind::Flags, "FLAGS"), simple(FetchKind::InternalDate, "INTERNALDATE"),
           simple(FetchKind::Size, "RFC822.SIZE")};
  if (!fast) items.push_back(simple(FetchKind::Envelope, "ENVELOPE"));
  if (full) items.push_back(simple(FetchKind::Body, "BODY"));
  return true;
}

Parsed<void> parse_items(Cursor& in, std::vector<FetchItem>& items) {
  if (take_macro(in, items)) return {};
  const bool several = in.take('(');
  if (several) skip_spaces(in);
  do {
    if (items.size() == fetch_items_limit) return in.expected("fewer FETCH items");
    TRY(item, parse_fetch_att(in));
    items.push_back(std::move(item));
  } while (several && parse_space(in) && in.peek() != ')');
  if (several && !in.take(')')) return in.expected("\")\"");
  return {};
}

// fetch-modifiers = SP "(" "CHANGEDSINCE" SP mod-sequence-value [SP "VANISHED"] ")"
// Tolerated: 0, which is no mod-sequence-value. Thunderbird (153) sends it for a folder whose HIGHESTMODSEQ it has not kept yet; it means all.
Parsed<void> parse_modifiers(Cursor& in, FetchCommand& command) {
  if (!in.take(" (")) return {};
  do {
    TRY(word, parse_atom(in));
    if (equal_ignoring_case(word, "CHANGEDSINCE")) {
      TRY_VOID(parse_space(in));
      TRY(modseq, parse_number64(in));
      command.changed_since = modseq;
    } else if (equal_ignoring_case(word, "VANISHED")) {
      command.vanished = true;
    } else {
      return in.expected("CHANGEDSINCE or VANISHED");
    }
  } while (in.take(' '));
  if (!in.take(')')) return in.expected("\")\"");
  if (command.vanished && !command.changed_since) return in.expected("VANISHED with CHANGEDSINCE");
  return {};
}

}  // namespace

Parsed<FetchCommand> parse_fetch(Cursor& in) {
  FetchCommand command;
  TRY_VOID(parse_space(in));
  TRY(set, parse_sequence_set(in));
  command.set = std::move(set);
  TRY_VOID(parse_space(in));
  TRY_VOID(parse_items(in, command.items));
  TRY_VOID(parse_modifiers(in, command));
  TRY_VOID(parse_end(in));
  return command;
}

}  // namespace hikyaku::imap
