#include "protocol/dmarc/public_suffix.h"

#include "protocol/dns/host_name.h"

namespace hikyaku::dmarc {

void PublicSuffixList::add(std::string_view rule) {
  auto kind = Plain;
  if (rule.starts_with('!')) kind = Exception, rule.remove_prefix(1);
  else if (rule.starts_with("*.")) kind = Wildcard, rule.remove_prefix(2);
  if (const auto name = dns::canonical_name(rule)) rules_[*name] |= kind;
}

PublicSuffixList PublicSuffixList::parse(std::string_view text) {
  PublicSuffixList list;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = line.substr(0, line.find_first_of(" \t\r"));
    if (!line.empty() && !line.starts_with("//")) list.add(line);
  }
  return list;
}

unsigned PublicSuffixList::kinds_of(std::string_view name) const {
  const auto found = rules_.find(name);
  return found == rules_.end() ? 0 : found->second;
}

// publicsuffix.org, "Algorithm": an exception prevails, then the rule with the most labels, then "*".
std::optional<std::string_view> PublicSuffixList::organizational_domain(std::string_view name) const {
  std::optional<std::string_view> below;  // one label longer than `suffix`
  for (auto suffix = name;;) {
    const auto dot = suffix.find('.');
    const auto parent = dot == std::string_view::npos ? std::string_view() : suffix.substr(dot + 1);
    const auto kinds = kinds_of(suffix);
    if ((kinds & Exception) != 0) return suffix;
    if ((kinds & Plain) != 0 || parent.empty() || (kinds_of(parent) & Wildcard) != 0) return below;
    below = suffix;
    suffix = parent;
  }
}

}  // namespace hikyaku::dmarc
