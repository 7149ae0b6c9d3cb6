#include "base/cursor.h"

namespace hikyaku {

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

std::string ascii_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_upper(c);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && starts_with_ignoring_case(a, b);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (ascii_lower(text[i]) != ascii_lower(prefix[i])) return false;
  return true;
}

Result<std::uint64_t, SyntaxError> parse_number(Cursor& in, std::uint64_t largest) {
  if (!is_digit(in.peek())) return in.expected("number");
  std::uint64_t value = 0;
  while (is_digit(in.peek())) {
    const auto digit = static_cast<std::uint64_t>(in.peek() - '0');
    if (value > (largest - digit) / 10 || digit > largest) return in.expected("smaller number");
    value = value * 10 + digit;
    in.next();
  }
  return value;
}

}  // namespace hikyaku
