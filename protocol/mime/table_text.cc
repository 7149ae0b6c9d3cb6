#include "protocol/mime/table_text.h"

#include <algorithm>

#include "protocol/mime/charset.h"

namespace hikyaku::mime {
namespace {

template <class Work>
void for_each_line(std::string_view text, Work work) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    work(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

// Of what a converter made: U+FFFD, and what single octets that no character has become (C1 controls, U+F8F0 to U+F8F3).
bool has_unconverted(std::string_view text) {
  if (text.find("\xef\xbf\xbd") != std::string_view::npos) return true;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    const auto octet = [&](std::size_t further) { return at + further < text.size() ? static_cast<unsigned char>(text[at + further]) : 0U; };
    if (octet(0) == 0xc2 && octet(1) < 0xa0) return true;
    if (octet(0) == 0xef && octet(1) == 0xa3 && octet(2) >= 0xb0 && octet(2) <= 0xb3) return true;
  }
  return false;
}

bool most_lines_are_utf8(std::string_view octets) {
  std::size_t good = 0, other = 0;
  for_each_line(octets, [&](std::string_view line) {
    if (!is_ascii(line)) is_valid_utf8(line) ? ++good : ++other;
  });
  return good > 0 && good >= other;
}

class Gatherer {
 public:
  void take(std::string_view line, bool readable) {
    ++lines_;
    if (lines_ > 1) table_.text += '\n';
    if (readable && line.find('\0') == std::string_view::npos) table_.text += line;
    else if (!line.starts_with('#')) table_.unreadable.push_back(lines_);
  }
  TableText done(bool ends_its_last_line) {
    if (ends_its_last_line) table_.text += '\n';
    return std::move(table_);
  }

 private:
  TableText table_;
  std::size_t lines_ = 0;
};

TableText converted(std::string_view charset, std::string_view octets) {
  const auto text = to_utf8(charset, octets);
  Gatherer gatherer;
  for_each_line(text, [&](std::string_view line) { gatherer.take(line, !has_unconverted(line)); });
  return gatherer.done(text.ends_with('\n'));
}

}  // namespace

TableText read_table(std::string_view octets) {
  constexpr std::string_view mark = "\xef\xbb\xbf", mark_16 = "\xff\xfe", big_mark_16 = "\xfe\xff";
  if (octets.starts_with(mark_16)) return converted("utf-16le", octets.substr(mark_16.size()));
  if (octets.starts_with(big_mark_16)) return converted("utf-16be", octets.substr(big_mark_16.size()));
  if (octets.starts_with(mark)) octets.remove_prefix(mark.size());
  const bool utf8 = is_valid_utf8(octets) || most_lines_are_utf8(octets);
  if (utf8 && octets.find("\x1b$") != std::string_view::npos) return converted("iso-2022-jp", octets);
  Gatherer gatherer;
  for_each_line(octets, [&](std::string_view line) {
    if (utf8 || is_ascii(line)) return gatherer.take(line, is_valid_utf8(line));
    const auto text = to_utf8("shift_jis", line);
    gatherer.take(text, !has_unconverted(text));
  });
  return gatherer.done(octets.ends_with('\n'));
}

}  // namespace hikyaku::mime
