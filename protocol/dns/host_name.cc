#include "protocol/dns/host_name.h"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "base/cursor.h"
#include "protocol/dns/ip_text.h"

namespace hikyaku::dns {
namespace {

using Idn2Text = std::unique_ptr<char, decltype(&idn2_free)>;

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > most_label_octets || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; });
}

bool has_a_label(std::string_view name) {
  for (std::size_t at = 0; at < name.size(); ++at)
    if ((at == 0 || name[at - 1] == '.') && starts_with_ignoring_case(name.substr(at), "xn--")) return true;
  return false;
}

}  // namespace

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > most_name_octets) return false;
  while (true) {
    const auto dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

std::optional<std::string> canonical_name(std::string_view name) {
  // Four octets of UTF-8 a letter at the most, before it is known to fit.
  if (name.size() > 4 * most_name_octets || name.contains('\0')) return std::nullopt;
  const bool ascii = std::ranges::none_of(name, [](char c) { return is_eight_bit(c); });
  if (ascii && !is_host_name(name)) return std::nullopt;
  if (ascii && !has_a_label(name)) return ascii_lower(name);
  const std::string lower = ascii_lower(name);
  char* converted = nullptr;
  const int result = idn2_to_ascii_8z(lower.c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Idn2Text owner(converted, &idn2_free);
  if (result != IDN2_OK || !is_host_name(converted)) return std::nullopt;
  if (!has_a_label(converted)) return std::string(converted);
  // An "xn--" label that was given is checked by turning it back and forth.
  char* shown = nullptr;
  const int back = idn2_to_unicode_8z8z(converted, &shown, 0);
  const Idn2Text shown_owner(shown, &idn2_free);
  if (back != IDN2_OK) return std::nullopt;
  char* again = nullptr;
  const int forth = idn2_to_ascii_8z(shown, &again, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Idn2Text again_owner(again, &idn2_free);
  if (forth != IDN2_OK || std::string_view(again) != converted) return std::nullopt;
  return std::string(converted);
}

std::string display_name(std::string_view name) {
  if (!has_a_label(name) || name.size() > most_name_octets || name.contains('\0')) return std::string(name);
  char* shown = nullptr;
  const int result = idn2_to_unicode_8z8z(std::string(name).c_str(), &shown, 0);
  const Idn2Text owner(shown, &idn2_free);
  return result == IDN2_OK ? std::string(shown) : std::string(name);
}

bool is_ipv4_text(std::string_view text) { return parse_ipv4(text).has_value(); }
bool is_ipv6_text(std::string_view text) { return parse_ipv6(text).has_value(); }

std::optional<std::string> reverse_name(std::string_view address) {
  if (const auto four = parse_ipv4(address)) {
    std::string out;
    for (std::size_t i = 4; i-- > 0;) out += std::to_string((*four)[i]) + '.';
    return out + "in-addr.arpa";
  }
  const auto sixteen = parse_ipv6(address);
  if (!sixteen) return std::nullopt;
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 16; i-- > 0;) {
    const auto octet = (*sixteen)[i];
    out += digits[octet & 0xf];
    out += '.';
    out += digits[octet >> 4];
    out += '.';
  }
  return out + "ip6.arpa";
}

bool is_within(std::string_view name, std::string_view domain) {
  if (!name.ends_with(domain) || domain.empty()) return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

}  // namespace hikyaku::dns
