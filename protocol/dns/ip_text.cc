#include "protocol/dns/ip_text.h"

#include "base/cursor.h"

namespace hikyaku::dns {
namespace {

std::optional<std::uint16_t> parse_group(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    const char lower = ascii_lower(c);
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return static_cast<std::uint16_t>(value);
}

enum class Tail : std::uint8_t { Groups, MayBeIpv4 };

// Groups on one side of "::". At most `room`; nothing on an error.
std::optional<std::vector<std::uint16_t>> parse_groups(std::string_view text, std::size_t room, Tail tail) {
  std::vector<std::uint16_t> groups;
  if (text.empty()) return groups;
  for (bool last = false; !last;) {
    const auto colon = text.find(':');
    last = colon == std::string_view::npos;
    const auto word = text.substr(0, colon);
    if (!last) text.remove_prefix(colon + 1);
    if (const auto four = last && tail == Tail::MayBeIpv4 ? parse_ipv4(word) : std::nullopt) {
      groups.push_back(static_cast<std::uint16_t>((*four)[0] << 8 | (*four)[1]));
      groups.push_back(static_cast<std::uint16_t>((*four)[2] << 8 | (*four)[3]));
    } else if (const auto group = parse_group(word)) {
      groups.push_back(*group);
    } else {
      return std::nullopt;
    }
    if (groups.size() > room) return std::nullopt;
  }
  return groups;
}

}  // namespace

std::optional<std::array<std::uint8_t, 4>> parse_ipv4(std::string_view text) {
  Cursor in(text);
  std::array<std::uint8_t, 4> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i > 0 && !in.take('.')) return std::nullopt;
    const auto start = in.position();
    const auto number = parse_number(in, 255);
    if (!number || (in.position() - start > 1 && text[start] == '0')) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(*number);
  }
  if (!in.at_end()) return std::nullopt;
  return out;
}

std::optional<std::array<std::uint8_t, 16>> parse_ipv6(std::string_view text) {
  if (text.size() > 45) return std::nullopt;
  const auto gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const auto before = parse_groups(text.substr(0, gap), has_gap ? 7 : 8, has_gap ? Tail::Groups : Tail::MayBeIpv4);
  if (!before || (!has_gap && before->size() != 8)) return std::nullopt;
  std::array<std::uint8_t, 16> out{};
  const auto put = [&out](std::size_t at, std::uint16_t group) {
    out[at * 2] = static_cast<std::uint8_t>(group >> 8);
    out[at * 2 + 1] = static_cast<std::uint8_t>(group);
  };
  for (std::size_t i = 0; i < before->size(); ++i) put(i, (*before)[i]);
  if (has_gap) {
    const auto after = parse_groups(text.substr(gap + 2), 7 - before->size(), Tail::MayBeIpv4);
    if (!after) return std::nullopt;
    for (std::size_t i = 0; i < after->size(); ++i) put(8 - after->size() + i, (*after)[i]);
  }
  return out;
}

}  // namespace hikyaku::dns
