#include "protocol/mime/header.h"

#include <cstring>

#include "base/cursor.h"

namespace hikyaku::mime {
namespace {
constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_breaking(char c) { return c == '\r' || c == '\n' || c == '\0'; }

// Where the line that starts at `at` ends, its line end included.
std::size_t line_end(std::string_view text, std::size_t at) {
  const auto* found = static_cast<const char*>(std::memchr(text.data() + at, '\n', text.size() - at));
  return found ? static_cast<std::size_t>(found - text.data()) + 1 : text.size();
}

bool is_empty_line(std::string_view text, std::size_t at) {
  return text[at] == '\n' || (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n');
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// field-name = 1*ftext, ftext = %d33-57 / %d59-126                        RFC 5322 §2.2, §4.5 (space before the colon)
std::string_view field_name(std::string_view line, std::size_t colon) {
  while (colon > 0 && is_space(line[colon - 1])) --colon;
  for (const char c : line.substr(0, colon))
    if (is_ctl(c) || c == ' ') return {};
  return line.substr(0, colon);
}
}  // namespace

bool HeaderField::is(std::string_view wanted) const { return equal_ignoring_case(name, wanted); }

std::optional<HeaderField> HeaderReader::next() {
  if (at_ >= text_.size() || is_empty_line(text_, at_)) return std::nullopt;
  HeaderField field;
  field.offset = at_;
  std::size_t end = line_end(text_, at_);
  const auto first_line = text_.substr(at_, end - at_);
  while (end < text_.size() && is_space(text_[end])) end = line_end(text_, end);
  field.whole = text_.substr(at_, end - at_);
  field.value = without_line_end(field.whole);
  if (const auto colon = first_line.find(':'); colon != std::string_view::npos) {
    field.name = field_name(first_line, colon);
    if (!field.name.empty()) field.value.remove_prefix(colon + 1);
  }
  at_ = end;
  return field;
}

std::uint64_t header_octets(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_empty_line(text, at)) return line_end(text, at);
    at = line_end(text, at);
  }
  return at;
}

std::optional<HeaderField> find_field(std::string_view header, std::string_view name) {
  HeaderReader reader(header);
  while (auto field = reader.next())
    if (field->is(name)) return field;
  return std::nullopt;
}

std::string select_fields(std::string_view header, std::span<const std::string> names, FieldSelection which) {
  std::string out;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    bool named = false;
    for (const auto& name : names) named = named || field->is(name);
    if (named == (which == FieldSelection::Only)) out += field->whole;
  }
  return out += header.substr(reader.position());
}

std::string_view unfold(std::string_view value, TextStore& store) {
  while (!value.empty() && (is_space(value.front()) || is_breaking(value.front()))) value.remove_prefix(1);
  while (!value.empty() && (is_space(value.back()) || is_breaking(value.back()))) value.remove_suffix(1);
  std::size_t at = 0;
  while (at < value.size() && !is_breaking(value[at])) ++at;
  if (at == value.size()) return value;
  std::string out(value.substr(0, at));
  bool after_fold = false;
  for (; at < value.size(); ++at) {
    const char c = value[at];
    // A line end that no space follows can only be in a value that was not read from a header; words stay apart.
    if (after_fold && !is_breaking(c)) out += is_space(c) ? "" : " ";
    if (!is_breaking(c)) out += after_fold && c == '\t' ? ' ' : c;
    after_fold = c == '\n' || (after_fold && is_breaking(c));
  }
  return store.keep(std::move(out));
}

}  // namespace hikyaku::mime
