#include "base/base64.h"

#include <array>
#include <cstdint>

namespace hikyaku {
namespace {
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> values = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}();
}  // namespace

std::string base64_encode(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t left = octets.size() - i;
    std::uint32_t group = static_cast<unsigned char>(octets[i]) << 16;
    if (left > 1) group |= static_cast<unsigned char>(octets[i + 1]) << 8;
    if (left > 2) group |= static_cast<unsigned char>(octets[i + 2]);
    out.push_back(alphabet[group >> 18]);
    out.push_back(alphabet[group >> 12 & 63]);
    out.push_back(left > 1 ? alphabet[group >> 6 & 63] : '=');
    out.push_back(left > 2 ? alphabet[group & 63] : '=');
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const auto value = [&](std::size_t n) { return values[static_cast<unsigned char>(text[n])]; };
  const auto digits = text.size() - padding;
  std::string out(text.size() / 4 * 3 - padding, '\0');
  std::size_t at = 0, to = 0;
  for (; at + 4 <= digits; at += 4, to += 3) {
    const int a = value(at), b = value(at + 1), c = value(at + 2), d = value(at + 3);
    if ((a | b | c | d) < 0) return std::nullopt;
    const auto bits = static_cast<std::uint32_t>(a << 18 | b << 12 | c << 6 | d);
    out[to] = static_cast<char>(bits >> 16), out[to + 1] = static_cast<char>(bits >> 8), out[to + 2] = static_cast<char>(bits);
  }
  if (padding == 0) return out;
  const int a = value(at), b = value(at + 1), c = padding == 1 ? value(at + 2) : 0;
  if ((a | b | c) < 0) return std::nullopt;
  const auto bits = static_cast<std::uint32_t>(a << 12 | b << 6 | c);
  // The unused bits of the last character must be zero, or two texts would decode to the same octets.
  if ((bits & (padding == 1 ? 0x3U : 0x3ffU)) != 0) return std::nullopt;
  out[to] = static_cast<char>(bits >> 10);
  if (padding == 1) out[to + 1] = static_cast<char>(bits >> 2);
  return out;
}

}  // namespace hikyaku
