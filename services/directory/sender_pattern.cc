#include "services/directory/sender_pattern.h"

#include <algorithm>

#include "services/directory/address_text.h"

namespace hikyaku::directory {

std::optional<std::string> normal_sender_pattern(std::string_view text) {
  if (text == "<>") return std::string(text);
  if (text.find_first_of(" \t,\"<>") != std::string_view::npos) return std::nullopt;
  auto folded = fold_pattern(text);
  const bool any_user = folded.starts_with("*@");
  const bool subdomains = any_user && folded.starts_with("*@*.");
  const auto address = parse_address(subdomains ? "x@" + folded.substr(4) : any_user ? "x@" + folded.substr(2) : folded);
  if (!address || address->local_part.find('*') != std::string::npos || address->domain.find('*') != std::string::npos) return std::nullopt;
  return folded;
}

bool names_sender(const std::vector<std::string>& patterns, const ReversePath& sender) {
  if (sender.is_null()) return std::ranges::find(patterns, "<>") != patterns.end();
  const auto folded = fold(sender.address);
  const std::string_view domain = std::string_view(folded).substr(folded.rfind('@') + 1);
  return std::ranges::any_of(patterns, [&](std::string_view pattern) {
    if (pattern.starts_with("*@*.")) return domain.size() > pattern.size() - 3 && domain.ends_with(pattern.substr(3));
    if (pattern.starts_with("*@")) return domain == pattern.substr(2);
    return folded == pattern;
  });
}

}  // namespace hikyaku::directory
