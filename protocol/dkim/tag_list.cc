#include "protocol/dkim/tag_list.h"

#include <algorithm>

#include "base/base64.h"

namespace hikyaku::dkim {
namespace {

constexpr bool is_name_char(char c) { return is_alpha(c) || is_digit(c) || c == '_'; }

// VALCHAR = %x21-3A / %x3C-7E, and UTF-8 (RFC 8616 §3)
constexpr bool is_value_char(char c) { return (c > 0x20 && c < 0x7f && c != ';') || is_eight_bit(c); }

// tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
Result<Tag, SyntaxError> parse_tag(Cursor& in) {
  Tag tag;
  in.take_while(is_fold_space);
  if (!is_alpha(in.peek())) return in.expected("the name of a tag");
  tag.name = in.take_while(is_name_char);
  in.take_while(is_fold_space);
  if (!in.take('=')) return in.expected("\"=\"");
  tag.whole = in.take_while([](char c) { return is_value_char(c) || is_fold_space(c); });
  tag.value = trimmed(tag.whole);
  return tag;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_fold_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_fold_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string without_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (auto end = text.begin(), at = end; at != text.end(); at = end) {
    at = std::find_if_not(at, text.end(), is_fold_space);
    end = std::find_if(at, text.end(), is_fold_space);
    out.append(at, end);
  }
  return out;
}

std::optional<std::string> decode_folded_base64(std::string_view text) {
  const bool has_space = std::ranges::any_of(text, is_fold_space), lacks_padding = text.size() % 4 != 0;
  if (!has_space && !lacks_padding) return base64_decode(text);
  auto packed = without_space(text);
  if (packed.find('=') == std::string::npos) packed.append((4 - packed.size() % 4) % 4, '=');
  return base64_decode(packed);
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  if (text.empty() || text.size() > 18 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (trimmed(text).empty()) return parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// tag-list = tag-spec *( ";" tag-spec ) [ ";" ]      RFC 6376 §3.2
Result<TagList, SyntaxError> TagList::parse(std::string_view text) {
  constexpr std::size_t usual_tags = 16;
  TagList list;
  list.tags_.reserve(usual_tags);
  Cursor in(text);
  for (;;) {
    TRY(tag, parse_tag(in));
    if (list.find(tag.name) != nullptr) return in.expected("each tag once");
    if (list.tags_.size() == most_tags) return in.expected("fewer tags");
    list.tags_.push_back(tag);
    if (in.at_end()) return list;
    if (!in.take(';')) return in.expected("\";\"");
    const auto here = in.position();
    in.take_while(is_fold_space);
    if (in.at_end()) return list;
    in.rewind_to(here);
  }
}

const Tag* TagList::find(std::string_view name) const {
  const auto found = std::ranges::find(tags_, name, &Tag::name);
  return found == tags_.end() ? nullptr : &*found;
}

}  // namespace hikyaku::dkim
