#include "services/directory/address_text.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"

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
  auto folded = fold_domain(domain);
  if (!is_domain(folded) || std::ranges::any_of(local, is_ctl)) return {};
  return Address{std::string(local), std::move(folded)};
}

std::string fold(const Address& address) { return ascii_lower(address.local_part) + '@' + fold_domain(address.domain); }

std::string fold_domain(std::string_view name) {
  if (std::ranges::none_of(name, is_eight_bit)) return ascii_lower(name);
  std::string folded;
  for (;;) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    const bool plain = std::ranges::none_of(label, is_eight_bit);
    const auto a_label = plain ? std::nullopt : dns::canonical_name(label);
    folded += a_label ? *a_label : ascii_lower(label);
    if (dot == std::string_view::npos) return folded;
    folded += '.';
    name.remove_prefix(dot + 1);
  }
}

std::string fold_pattern(std::string_view pattern) {
  const auto at = pattern.rfind('@');
  if (at == std::string_view::npos) return fold_domain(pattern);
  return ascii_lower(pattern.substr(0, at + 1)) + fold_domain(pattern.substr(at + 1));
}

}  // namespace hikyaku::directory
