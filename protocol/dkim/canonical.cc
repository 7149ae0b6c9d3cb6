#include "protocol/dkim/canonical.h"

#include <array>
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
  std::size_t at = 0;
  while (at < text.size() && !ends_relaxed_run[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

}  // namespace hikyaku::dkim
