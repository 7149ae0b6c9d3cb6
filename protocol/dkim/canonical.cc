#include "protocol/dkim/canonical.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/cursor.h"
#include "protocol/dkim/tag_list.h"

namespace hikyaku::dkim {
namespace {

constexpr std::array<bool, 256> ends_relaxed_run = [] {
  std::array<bool, 256> table{};
  for (const unsigned char c : {' ', '\t', '\r'}) table[c] = true;
  return table;
}();

// The next octet below 0x21, eight at a time where that is cheap; or the end.
std::size_t skip_printable(std::string_view text, std::size_t at) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      // A borrow comes from such an octet only, so that the lowest mark is right.
      if (const auto marks = (eight - 0x21 * ones) & ~eight & 0x80 * ones; marks != 0) return at + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
    }
  }
  while (at < text.size() && (static_cast<unsigned char>(text[at]) > 0x20)) ++at;
  return at;
}

// §3.4.2: name in lower case, nothing around the colon, lines joined, runs of white space one space, none at the end.
void append_relaxed(std::string_view whole, std::string& out) {
  const auto colon = whole.find(':');
  const auto name = trimmed(whole.substr(0, colon));
  for (const char c : name) out += ascii_lower(c);
  if (colon != std::string_view::npos) {
    out += ':';
    bool space = false;
    for (const char c : trimmed(whole.substr(colon + 1))) {
      if (c == '\r' || c == '\n') continue;
      if (c == ' ' || c == '\t') {
        space = true;
        continue;
      }
      if (space) out += ' ';
      space = false;
      out += c;
    }
  }
  out += "\r\n";
}

}  // namespace

void append_canonical_field(Form form, std::string_view whole, std::string& out) {
  if (form == Form::Relaxed) return append_relaxed(whole, out);
  out += whole;
  if (!whole.ends_with('\n')) out += "\r\n";
}

std::size_t ordinary_run(Form form, std::string_view text) {
  if (form == Form::Simple) {
    const void* found = std::memchr(text.data(), '\r', text.size());
    return found == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  }
  const auto ends = [&](std::size_t at) { return ends_relaxed_run[static_cast<unsigned char>(text[at])]; };
  std::size_t at = 0;
  for (;; ++at) {
    at = skip_printable(text, at);
    if (at == text.size()) return at;
    if (!ends(at)) continue;
    // One space between two words stays: so a run is a line, not a word.
    if (at == 0 || text[at] != ' ' || at + 1 == text.size() || ends(at + 1)) return at;
  }
}

}  // namespace hikyaku::dkim
