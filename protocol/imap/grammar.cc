#include "protocol/imap/grammar.h"

#include <array>
#include <limits>

#include "protocol/imap/framing.h"
#include "protocol/imap/mailbox_name.h"

namespace hikyaku::imap {

// tag = 1*<any ASTRING-CHAR except "+">
Parsed<std::string> parse_tag(Cursor& in) {
  const auto tag = in.take_while(is_tag_char);
  if (tag.empty()) return in.expected("a tag");
  return std::string(tag);
}

// atom = 1*ATOM-CHAR
Parsed<std::string_view> parse_atom(Cursor& in) {
  const auto atom = in.take_while(is_atom_char);
  if (atom.empty()) return in.expected("an atom");
  return atom;
}

// quoted = DQUOTE *QUOTED-CHAR DQUOTE      QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials /
//          UTF8-2 / UTF8-3 / UTF8-4        (RFC 3501 has no UTF-8 here; a client that sends it means it)
Parsed<std::string> parse_quoted(Cursor& in) {
  const auto start = in.position();
  if (!in.take('"')) return in.expected("\"\\\"\"");
  std::string text;
  for (;;) {
    text += in.take_while([](char c) { return c != '"' && c != '\\' && c != '\r' && c != '\n' && c != '\0'; });
    if (in.take('"')) break;
    if (!in.take('\\')) return in.expected("the end of the quoted string");
    if (in.peek() != '"' && in.peek() != '\\') return in.expected("a quote or a backslash after a backslash");
    text += in.next();
  }
  if (!is_valid_utf8(text)) {
    in.rewind_to(start);
    return in.expected("UTF-8");
  }
  return text;
}

// literal = "{" number64 ["+"] "}" CRLF *CHAR8     The framer has put exactly that many octets there.
Parsed<std::string> parse_literal(Cursor& in) {
  in.take('~');  // literal8
  if (!in.take('{')) return in.expected("a literal");
  TRY(octets, parse_number(in, std::numeric_limits<std::uint32_t>::max()));
  in.take('+');
  if (!in.take("}\r\n")) return in.expected("the end of the literal's header");
  if (octets > in.rest().size()) return in.expected("the literal's octets");
  const auto text = in.take_octets(octets);
  if (text.contains('\0')) return in.expected("a literal without NUL");  // CHAR8 = %x01-FF
  return std::string(text);
}

// string = quoted / literal
Parsed<std::string> parse_string(Cursor& in) {
  if (in.peek() == '"') return parse_quoted(in);
  if (in.peek() == '{' || in.peek() == '~') return parse_literal(in);
  return in.expected("a string");
}

// nstring = string / nil
Parsed<std::optional<std::string>> parse_nstring(Cursor& in) {
  if (in.take_ignoring_case("NIL")) return std::nullopt;
  TRY(text, parse_string(in));
  return std::optional(std::move(text));
}

// astring = 1*ASTRING-CHAR / string
Parsed<std::string> parse_astring(Cursor& in) {
  const auto atom = in.take_while(is_astring_char);
  if (!atom.empty()) return std::string(atom);
  return parse_string(in);
}

// list-mailbox = 1*list-char / string
Parsed<std::string> parse_list_mailbox(Cursor& in) {
  const auto pattern = in.take_while(is_list_char);
  if (!pattern.empty()) return std::string(pattern);
  return parse_string(in);
}

void skip_spaces(Cursor& in) {
  while (in.take(' ')) {}
}

// SP; more than one where one should be is what hand-written clients and scripts send, and harmless.
Parsed<void> parse_space(Cursor& in) {
  if (!in.take(' ')) return in.expected("a space");
  skip_spaces(in);
  return {};
}

// Spaces at the end of a line are sent by hand-written clients and scripts, and harmless.
Parsed<void> parse_end(Cursor& in) {
  const auto start = in.position();
  skip_spaces(in);
  if (in.at_end()) return {};
  in.rewind_to(start);
  return in.expected("the end of the command");
}

// nz-number = digit-nz *DIGIT      0 < n < 4,294,967,296
Parsed<std::uint32_t> parse_nz_number(Cursor& in) {
  if (!is_digit(in.peek()) || in.peek() == '0') return in.expected("a number from 1");
  TRY(number, parse_number(in, std::numeric_limits<std::uint32_t>::max()));
  return static_cast<std::uint32_t>(number);
}

// number = 1*DIGIT
Parsed<std::uint32_t> parse_number32(Cursor& in) {
  TRY(number, parse_number(in, std::numeric_limits<std::uint32_t>::max()));
  return static_cast<std::uint32_t>(number);
}

// number64 = 1*DIGIT               0 <= n <= 9,223,372,036,854,775,807
Parsed<std::uint64_t> parse_number64(Cursor& in) {
  return parse_number(in, std::numeric_limits<std::int64_t>::max());
}

namespace {

// seq-number = nz-number / "*"
Parsed<std::uint32_t> parse_seq_number(Cursor& in) {
  if (in.take('*')) return 0u;
  return parse_nz_number(in);
}

}  // namespace

// sequence-set = (seq-number / seq-range) ["," sequence-set] / seq-last-command     seq-last-command = "$"
Parsed<SequenceSet> parse_sequence_set(Cursor& in) {
  SequenceSet set;
  if (in.take('$')) {
    set.saved_result = true;
    return set;
  }
  do {
    TRY(first, parse_seq_number(in));
    NumberRange range{first, first};
    if (in.take(':')) {
      TRY(last, parse_seq_number(in));
      range.last = last;
    }
    set.ranges.push_back(range);
  } while (in.take(','));
  return set;
}

// flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension
Parsed<void> parse_flag_into(Cursor& in, MessageFlags& flags) {
  const auto start = in.position();
  if (in.take('\\')) {
    TRY(name, parse_atom(in));
    constexpr std::pair<std::string_view, SystemFlag> known[] = {
        {"Seen", Seen}, {"Answered", Answered}, {"Flagged", Flagged}, {"Deleted", Deleted}, {"Draft", Draft}};
    for (const auto& [text, bit] : known) {
      if (equal_ignoring_case(name, text)) return flags.system |= bit, Parsed<void>{};
    }
    in.rewind_to(start);
    return in.expected("a flag that may be set");
  }
  // RFC 9051 §9: flag-keyword = ... / atom; RFC 3501's "]" is seen in the wild and harmless here.
  const auto keyword = in.take_while(is_atom_char);
  if (keyword.empty()) return in.expected("a flag");
  if (keyword.size() > keyword_octets_limit) return in.expected("a shorter keyword");
  if (flags.has_keyword(keyword)) return {};
  if (flags.keywords.size() >= keywords_limit) return in.expected("fewer keywords");
  flags.keywords.emplace_back(keyword);
  return {};
}

// flag-list = "(" [flag *(SP flag)] ")"; spaces inside the parentheses are tolerated.
Parsed<MessageFlags> parse_flag_list(Cursor& in) {
  if (!in.take('(')) return in.expected("\"(\"");
  MessageFlags flags;
  skip_spaces(in);
  while (!in.take(')')) {
    TRY_VOID(parse_flag_into(in, flags));
    if (in.peek() != ')') TRY_VOID(parse_space(in));
  }
  return flags;
}

namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

Parsed<unsigned> parse_digits(Cursor& in, int count) {
  unsigned value = 0;
  for (int i = 0; i < count; ++i) {
    if (!is_digit(in.peek())) return in.expected("a digit");
    value = value * 10 + static_cast<unsigned>(in.next() - '0');
  }
  return value;
}

// date-month = "Jan" / "Feb" / ...
Parsed<unsigned> parse_month(Cursor& in) {
  for (unsigned i = 0; i < months.size(); ++i) {
    if (in.take_ignoring_case(months[i])) return i + 1;
  }
  return in.expected("a month's name");
}

// "-" date-month "-" date-year
Parsed<std::chrono::sys_days> parse_month_and_year(Cursor& in, unsigned day) {
  if (!in.take('-')) return in.expected("\"-\"");
  TRY(month, parse_month(in));
  if (!in.take('-')) return in.expected("\"-\"");
  TRY(year, parse_digits(in, 4));
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return in.expected("a day that exists");
  return std::chrono::sys_days(date);
}

}  // namespace

// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
// date-day-fixed = (SP DIGIT) / 2DIGIT      time = 2DIGIT ":" 2DIGIT ":" 2DIGIT      zone = ("+" / "-") 4DIGIT
Parsed<WallTime> parse_date_time(Cursor& in) {
  using namespace std::chrono;
  if (!in.take('"')) return in.expected("\"\\\"\"");
  // A day of one digit without the space is what several clients send ("1-Jan-2024 ...").
  unsigned day = 0;
  if (in.take(' ') || (in.rest().size() > 1 && in.rest()[1] == '-')) {
    TRY(digit, parse_digits(in, 1));
    day = digit;
  } else {
    TRY(digits, parse_digits(in, 2));
    day = digits;
  }
  TRY(date, parse_month_and_year(in, day));
  TRY_VOID(parse_space(in));
  TRY(hour, parse_digits(in, 2));
  if (!in.take(':')) return in.expected("\":\"");
  TRY(minute, parse_digits(in, 2));
  if (!in.take(':')) return in.expected("\":\"");
  TRY(second, parse_digits(in, 2));
  if (hour > 23 || minute > 59 || second > 60) return in.expected("a time that exists");
  TRY_VOID(parse_space(in));
  const bool west = in.peek() == '-';
  if (!in.take('+') && !in.take('-')) return in.expected("a zone");
  TRY(zone_hours, parse_digits(in, 2));
  TRY(zone_minutes, parse_digits(in, 2));
  if (zone_hours > 23 || zone_minutes > 59) return in.expected("a zone that exists");
  if (!in.take('"')) return in.expected("\"\\\"\"");
  const auto offset = hours(zone_hours) + minutes(zone_minutes);
  return WallTime(date) + hours(hour) + minutes(minute) + seconds(second) + (west ? offset : -offset);
}

// date = date-text / DQUOTE date-text DQUOTE      date-text = date-day "-" date-month "-" date-year
Parsed<std::chrono::sys_days> parse_date(Cursor& in) {
  const bool quoted = in.take('"');
  TRY(first, parse_digits(in, 1));
  unsigned day = first;
  if (is_digit(in.peek())) day = day * 10 + static_cast<unsigned>(in.next() - '0');
  TRY(date, parse_month_and_year(in, day));
  if (quoted && !in.take('"')) return in.expected("\"\\\"\"");
  return date;
}

}  // namespace hikyaku::imap
