#include "services/directory/address_text.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::directory {

namespace {

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || is_eight_bit(c); });
}

bool is_literal(std::string_view name) {
  return name.size() > 2 && name.front() == '[' && name.back() == ']' &&
         std::ranges::all_of(name.substr(1, name.size() - 2), [](char c) { return c > ' ' && c < 0x7f && c != '[' && c != ']'; });
}

}  // namespace

bool is_domain(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  if (name.front() == '[') return is_literal(name);
  for (;;) {
    const auto dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_routable_domain(std::string_view name) {
  return is_domain(name) && (name.front() == '[' || name.find('.') != std::string_view::npos);
}

std::optional<Address> parse_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return {};
  const auto local = text.substr(0, at), domain = text.substr(at + 1);
  if (!is_domain(domain) || std::ranges::any_of(local, is_ctl)) return {};
  return Address{std::string(local), ascii_lower(domain)};
}

std::string fold(const Address& address) { return ascii_lower(address.local_part) + '@' + ascii_lower(address.domain); }

}  // namespace hikyaku::directory
