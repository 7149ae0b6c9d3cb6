#include "base/percent.h"

#include "base/cursor.h"

namespace hikyaku {

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned value = 0;
    for (int digit = 0; digit < 2; ++digit) {
      if (++at == text.size()) return std::nullopt;
      const char c = ascii_lower(text[at]);
      if (!is_digit(c) && !(c >= 'a' && c <= 'f')) return std::nullopt;
      value = value * 16 + static_cast<unsigned>(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    out += static_cast<char>(value);
  }
  return out;
}

}  // namespace hikyaku
