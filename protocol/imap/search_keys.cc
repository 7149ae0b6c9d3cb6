#include "protocol/imap/search_keys.h"

#include <algorithm>

#include "protocol/mime/charset.h"

namespace hikyaku::imap {

bool SearchKey::mentions(SearchKind wanted) const {
  return kind == wanted || std::ranges::any_of(children, [&](const SearchKey& child) { return child.mentions(wanted); });
}

namespace {

struct Context {
  const std::string& charset;
  int depth = 0;
  std::size_t keys = 0;
};

Parsed<SearchKey> parse_search_key(Cursor& in, Context& context);

SearchKey of_flag(SystemFlag flag) { return {.kind = SearchKind::HasFlag, .flag = flag}; }

// How much a key costs: flags and numbers are in the record, a header or a body must be read.
std::uint8_t cost(const SearchKey& key) {
  switch (key.kind) {
    case SearchKind::Body:
    case SearchKind::Text: return 3;
    case SearchKind::Header:
    case SearchKind::SentBefore:
    case SearchKind::SentOn:
    case SearchKind::SentSince: return 2;
    case SearchKind::And:
    case SearchKind::Or:
    case SearchKind::Not: return std::max<std::uint8_t>(1, key.cost_of_children);
    default: return 0;
  }
}

// Cheap keys first, where there are more.
SearchKey of_keys(SearchKind kind, std::vector<SearchKey> keys) {
  std::ranges::sort(keys, {}, cost);
  SearchKey result{.kind = kind};
  result.cost_of_children = cost(keys.back());
  result.children = std::move(keys);
  return result;
}

SearchKey negated(SearchKey key) {
  std::vector<SearchKey> keys;
  keys.push_back(std::move(key));
  return of_keys(SearchKind::Not, std::move(keys));
}

SearchKey all_of(std::vector<SearchKey> keys) {
  if (keys.size() == 1) return std::move(keys.front());
  return of_keys(SearchKind::And, std::move(keys));
}

Parsed<mime::Matcher> parse_needle(Cursor& in, const Context& context) {
  TRY(text, parse_astring(in));
  return mime::Matcher(mime::to_utf8(context.charset, text));
}

Parsed<SearchKey> parse_text_key(Cursor& in, const Context& context, SearchKind kind, std::string_view field) {
  TRY_VOID(parse_space(in));
  TRY(needle, parse_needle(in, context));
  SearchKey key{.kind = kind, .name = std::string(field)};
  key.text = std::move(needle);
  return key;
}

// "HEADER" SP header-fld-name SP astring
Parsed<SearchKey> parse_header_key(Cursor& in, const Context& context) {
  TRY_VOID(parse_space(in));
  TRY(field, parse_astring(in));
  return parse_text_key(in, context, SearchKind::Header, field);
}

Parsed<SearchKey> parse_day_key(Cursor& in, SearchKind kind) {
  TRY_VOID(parse_space(in));
  TRY(day, parse_date(in));
  return SearchKey{.kind = kind, .day = day};
}

Parsed<SearchKey> parse_number_key(Cursor& in, SearchKind kind) {
  TRY_VOID(parse_space(in));
  TRY(number, parse_number64(in));
  return SearchKey{.kind = kind, .number = number};
}

// "KEYWORD" SP flag-keyword
Parsed<SearchKey> parse_keyword_key(Cursor& in) {
  TRY_VOID(parse_space(in));
  TRY(name, parse_atom(in));
  return SearchKey{.kind = SearchKind::HasKeyword, .name = std::string(name)};
}

// "OR" SP search-key SP search-key
Parsed<SearchKey> parse_or_key(Cursor& in, Context& context) {
  TRY_VOID(parse_space(in));
  TRY(one, parse_search_key(in, context));
  TRY_VOID(parse_space(in));
  TRY(other, parse_search_key(in, context));
  std::vector<SearchKey> either;
  either.push_back(std::move(one));
  either.push_back(std::move(other));
  return of_keys(SearchKind::Or, std::move(either));
}

// "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer       RFC 7162 §3.1.5
Parsed<SearchKey> parse_modseq_key(Cursor& in) {
  TRY_VOID(parse_space(in));
  if (in.peek() == '"') {
    TRY_VOID(parse_quoted(in));
    TRY_VOID(parse_space(in));
    TRY_VOID(parse_atom(in));
    TRY_VOID(parse_space(in));
  }
  TRY(number, parse_number64(in));
  return SearchKey{.kind = SearchKind::ModSeq, .number = number};
}

// "EMAILID" SP objectid, "THREADID" SP objectid       RFC 8474 §7
Parsed<SearchKey> parse_object_key(Cursor& in, SearchKind kind) {
  TRY_VOID(parse_space(in));
  TRY(id, parse_astring(in));
  return SearchKey{.kind = kind, .name = std::move(id)};
}

// "UID" SP sequence-set
Parsed<SearchKey> parse_uid_key(Cursor& in) {
  TRY_VOID(parse_space(in));
  TRY(set, parse_sequence_set(in));
  SearchKey key{.kind = SearchKind::Uids};
  key.set = std::move(set);
  return key;
}

// "(" search-key *(SP search-key) ")"; spaces inside the parentheses are tolerated.
Parsed<SearchKey> parse_group(Cursor& in, Context& context) {
  in.take('(');
  skip_spaces(in);
  std::vector<SearchKey> keys;
  for (;;) {
    TRY(key, parse_search_key(in, context));
    keys.push_back(std::move(key));
    const bool spaced = parse_space(in).has_value();
    if (in.take(')')) return all_of(std::move(keys));
    if (!spaced) return in.expected("a space or \")\"");
  }
}

Parsed<SearchKey> parse_flag_key(std::string_view word) {
  constexpr std::pair<std::string_view, SystemFlag> flags[] = {
      {"ANSWERED", Answered}, {"DELETED", Deleted}, {"DRAFT", Draft}, {"FLAGGED", Flagged}, {"SEEN", Seen}};
  for (const auto& [name, flag] : flags) {
    if (equal_ignoring_case(word, name)) return of_flag(flag);
    if (starts_with_ignoring_case(word, "UN") && equal_ignoring_case(word.substr(2), name)) return negated(of_flag(flag));
  }
  return failure(SyntaxError{0, "a search key"});
}

Parsed<SearchKey> parse_named_key(Cursor& in, Context& context, std::string_view word) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(word, name); };
  using enum SearchKind;
  if (is("ALL")) return SearchKey{};
  if (is("NEW")) return SearchKey{.kind = New};
  if (is("OLD")) return SearchKey{.kind = Old};
  if (is("RECENT")) return SearchKey{.kind = SearchKind::Recent};
  if (is("KEYWORD")) return parse_keyword_key(in);
  if (is("UNKEYWORD")) {
    TRY(key, parse_keyword_key(in));
    return negated(std::move(key));
  }
  if (is("NOT")) {
    TRY_VOID(parse_space(in));
    TRY(key, parse_search_key(in, context));
    return negated(std::move(key));
  }
  if (is("OR")) return parse_or_key(in, context);
  if (is("UID")) return parse_uid_key(in);
  if (is("HEADER")) return parse_header_key(in, context);
  for (const std::string_view field : {"From", "To", "Cc", "Bcc", "Subject"}) {
    if (is(field)) return parse_text_key(in, context, Header, field);
  }
  if (is("BODY")) return parse_text_key(in, context, Body, {});
  if (is("TEXT")) return parse_text_key(in, context, Text, {});
  constexpr std::pair<std::string_view, SearchKind> days[] = {
      {"BEFORE", Before},         {"ON", On},           {"SINCE", Since},
      {"SENTBEFORE", SentBefore}, {"SENTON", SentOn},   {"SENTSINCE", SentSince},
      {"SAVEDBEFORE", SavedBefore}, {"SAVEDON", SavedOn}, {"SAVEDSINCE", SavedSince}};
  for (const auto& [name, kind] : days) {
    if (is(name)) return parse_day_key(in, kind);
  }
  constexpr std::pair<std::string_view, SearchKind> numbers[] = {
      {"LARGER", Larger}, {"SMALLER", Smaller}, {"OLDER", Older}, {"YOUNGER", Younger}};
  for (const auto& [name, kind] : numbers) {
    if (is(name)) return parse_number_key(in, kind);
  }
  if (is("MODSEQ")) return parse_modseq_key(in);
  if (is("EMAILID")) return parse_object_key(in, EmailId);
  if (is("THREADID")) return parse_object_key(in, ThreadId);
  if (is("SAVEDATESUPPORTED")) return SearchKey{.kind = SaveDateSupported};
  return parse_flag_key(word);
}

Parsed<SearchKey> parse_search_key(Cursor& in, Context& context) {
  if (++context.keys > search_keys_limit) return in.expected("fewer search keys");
  if (context.depth >= search_depth_limit) return in.expected("a search that is nested less deeply");
  ++context.depth;
  const auto parsed = [&]() -> Parsed<SearchKey> {
    if (in.peek() == '(') return parse_group(in, context);
    if (is_digit(in.peek()) || in.peek() == '*' || in.peek() == '$') {
      TRY(set, parse_sequence_set(in));
      SearchKey key{.kind = SearchKind::Numbers};
      key.set = std::move(set);
      return key;
    }
    const auto start = in.position();
    TRY(word, parse_atom(in));
    auto key = parse_named_key(in, context, word);
    if (!key && key.error().expected == "a search key") return failure(SyntaxError{start, "a search key"});
    return key;
  };
  auto key = parsed();
  --context.depth;
  return key;
}

}  // namespace

Parsed<SearchKey> parse_search_program(Cursor& in, const std::string& charset) {
  Context context{charset};
  std::vector<SearchKey> keys;
  for (;;) {
    TRY(key, parse_search_key(in, context));
    keys.push_back(std::move(key));
    if (parse_end(in)) return all_of(std::move(keys));
    TRY_VOID(parse_space(in));
  }
}

}  // namespace hikyaku::imap
