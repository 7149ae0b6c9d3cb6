#include "services/policy/line_word.h"

#include <charconv>

namespace hikyaku::policy {

std::string line_word(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char octet : text) {
    const auto code = static_cast<unsigned char>(octet);
    if (code > ' ' && code < 0x7F && octet != '%' && octet != '|') out += octet;
    else out += {'%', digits[code >> 4], digits[code & 15]};
  }
  return out;
}

std::optional<std::uint64_t> number_word(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (word.empty() || error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::optional<WallTime> time_word(std::string_view word) {
  const auto seconds = number_word(word);
  if (!seconds || *seconds > 253'402'300'799) return std::nullopt;
  return WallTime{std::chrono::seconds{*seconds}};
}

std::string time_word(WallTime at) {
  return std::to_string(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count()));
}

}  // namespace hikyaku::policy
