#include "protocol/mime/parameters.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/header.h"
#include "protocol/mime/raw_character.h"

namespace hikyaku::mime {
namespace {
constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }

// RFC 5322 §3.2.2, nesting read without recursion.
void skip_space_and_comments(Cursor& in) {
  int depth = 0;
  while (!in.at_end()) {
    const char c = in.peek();
    if (c == '(') ++depth;
    else if (depth > 0 && c == ')') --depth;
    else if (depth > 0 && c == '\\') in.next();
    else if (depth == 0 && !is_space(c)) return;
    in.next();
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view take_quoted(Cursor& in, RawText raw, TextStore& store) {
  in.next();
  const auto start = in.rest();
  std::string copy;
  bool copied = false;
  std::size_t length = 0;
  while (!in.at_end() && in.peek() != '"') {
    if (in.peek() == '\\') {
      if (!copied) copy = start.substr(0, length), copied = true;
      in.next();
      if (!in.at_end()) copy += in.next();
      continue;
    }
    const auto character = in.take_octets(raw_character_octets(in.rest(), raw));
    length += character.size();
    if (copied) copy += character;
  }
  in.take('"');
  return copied ? store.keep(std::move(copy)) : start.substr(0, length);
}

// A token; or, from mailers that forget the quotes ("name=my file.txt"), words up to the semicolon, as long as the next
// word does not look like a parameter whose semicolon was forgotten.
std::string_view take_unquoted(Cursor& in, RawText raw) {
  const auto start = in.rest();
  std::size_t length = 0;
  const auto origin = in.position();
  while (!in.at_end() && in.peek() != ';') {
    if (is_space(in.peek())) {
      in.take_while(is_space);
      if (in.peek() == '(') break;
      const auto word_at = in.position();
      const auto word = in.take_while([](char c) { return c != ';' && !is_space(c); });
      in.rewind_to(word_at);
      const auto equals = word.find('=');
      if (equals != std::string_view::npos && equals > 0) break;
      continue;
    }
    in.take_octets(raw_character_octets(in.rest(), raw));
    length = in.position() - origin;
  }
  return start.substr(0, length);
}

// parameter = attribute "=" value                                                                RFC 2045 §5.1
std::optional<Parameter> take_parameter(Cursor& in, RawText raw, TextStore& store) {
  Parameter parameter;
  parameter.name = trimmed(in.take_while([](char c) { return c != '=' && c != ';' && c != '('; }));
  if (in.peek() == '(') skip_space_and_comments(in);
  if (!in.take('=')) return std::nullopt;
  skip_space_and_comments(in);
  parameter.value = in.peek() == '"' ? take_quoted(in, raw, store) : take_unquoted(in, raw);
  if (parameter.name.empty()) return std::nullopt;
  return parameter;
}

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) out += text[i];
    else out += static_cast<char>(high * 16 + low), i += 2;
  }
  return out;
}

// One piece of a parameter in RFC 2231's forms: name*, name*N, name*N*.
struct Piece {
  std::uint64_t number = 0;
  std::size_t position = 0;  // among the pieces, as they stand in the field
  bool extended = false;  // percent-encoded
  std::string_view value;
};

std::optional<Piece> as_piece(const Parameter& parameter, std::string_view name) {
  if (!starts_with_ignoring_case(parameter.name, name)) return std::nullopt;
  Cursor in(parameter.name.substr(name.size()));
  if (!in.take('*')) return std::nullopt;
  Piece piece{0, 0, in.at_end(), parameter.value};
  if (in.at_end()) return piece;
  const auto number = parse_number(in, max_parameters);
  if (!number) return std::nullopt;
  piece.number = *number;
  piece.extended = in.take('*');
  return in.at_end() ? std::optional(piece) : std::nullopt;
}

std::vector<Piece> pieces_of(const Parameters& parameters, std::string_view name) {
  std::vector<Piece> pieces;
  for (const auto& parameter : parameters)
    if (auto piece = as_piece(parameter, name)) piece->position = pieces.size(), pieces.push_back(*piece);
  std::ranges::sort(pieces, {}, [](const Piece& piece) { return std::pair(piece.number, piece.position); });
  // A repeated number: the first counts. A gap ends the value, for what follows belongs elsewhere.
  const auto repeated = std::ranges::unique(pieces, {}, &Piece::number);
  pieces.erase(repeated.begin(), repeated.end());
  for (std::size_t i = 1; i < pieces.size(); ++i)
    if (pieces[i].number != pieces[i - 1].number + 1) return pieces.resize(i), pieces;
  return pieces;
}

// extended-initial-value = [charset] "'" [language] "'" extended-other-values                       RFC 2231 §7
std::string joined(const std::vector<Piece>& pieces) {
  std::string_view charset;
  std::string octets;
  bool any_extended = false;
  for (const auto& piece : pieces) {
    auto value = piece.value;
    if (piece.extended && &piece == &pieces.front()) {
      const auto first = value.find('\'');
      const auto second = first == std::string_view::npos ? first : value.find('\'', first + 1);
      if (second != std::string_view::npos) charset = value.substr(0, first), value.remove_prefix(second + 1);
    }
    any_extended = any_extended || piece.extended;
    if (piece.extended) octets += percent_decoded(value);
    else octets += value;
  }
  // Some Japanese mailers cut RFC 2047 words into continuations.
  return any_extended ? to_utf8(charset, octets) : decode_header_text(octets);
}
}  // namespace

ParameterisedValue parse_parameterised(std::string_view value, TextStore& store) {
  const auto line = unfold(value, store);
  const auto raw = is_valid_utf8(line) ? RawText::Utf8 : RawText::Legacy;
  Cursor in(line);
  ParameterisedValue out;
  skip_space_and_comments(in);
  out.first = trimmed(in.take_while([](char c) { return c != '/' && c != ';' && c != '('; }));
  skip_space_and_comments(in);
  if (in.take('/')) {
    skip_space_and_comments(in);
    out.second = in.take_while([](char c) { return c != ';' && c != '(' && !is_space(c); });
  }
  // Junk up to the semicolon, or to a parameter whose semicolon was forgotten.
  skip_space_and_comments(in);
  while (!in.at_end() && in.peek() != ';') {
    const auto at = in.position();
    if (in.take_while([](char c) { return c != ';' && !is_space(c); }).contains('=')) {
      in.rewind_to(at);
      break;
    }
    in.take_while(is_space);
  }
  while (!in.at_end() && out.parameters.size() < max_parameters) {
    skip_space_and_comments(in);
    if (in.take(';') || in.at_end()) continue;
    if (const auto parameter = take_parameter(in, raw, store)) out.parameters.push_back(*parameter);
  }
  return out;
}

std::optional<std::string_view> find_parameter(const Parameters& parameters, std::string_view name) {
  for (const auto& parameter : parameters)
    if (equal_ignoring_case(parameter.name, name)) return parameter.value;
  return std::nullopt;
}

std::optional<std::string> decoded_parameter(const Parameters& parameters, std::string_view name) {
  if (const auto pieces = pieces_of(parameters, name); !pieces.empty()) return joined(pieces);
  if (const auto value = find_parameter(parameters, name)) return decode_header_text(*value);
  return std::nullopt;
}

}  // namespace hikyaku::mime
