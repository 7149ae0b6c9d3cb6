// The Public Suffix List (publicsuffix.org, the Debian package `publicsuffix`): under which names anybody may register, and so
// which domain speaks for which. The caller reads the file; this is pure. About 10,000 rules, 1 MB.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hikyaku::dmarc {

class PublicSuffixList {
 public:
  // An empty list knows the rule "*" only: every top-level name is a suffix.
  PublicSuffixList() = default;
  // The text of public_suffix_list.dat, both of its parts. Lines that are no rule are passed over.
  [[nodiscard]] static PublicSuffixList parse(std::string_view text);
  // The name one label below the longest public suffix. `name` is canonical (A-labels, lower case, no dot at the end); nothing when it is a
  // suffix itself. Cost: one look-up or two a label.
  [[nodiscard]] std::optional<std::string_view> organizational_domain(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return rules_.size(); }

 private:
  enum Kind : std::uint8_t { Plain = 1, Wildcard = 2, Exception = 4 };  // "jp", "*.ck" under "ck", "!www.ck"
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  [[nodiscard]] unsigned kinds_of(std::string_view name) const;
  void add(std::string_view rule);
  std::unordered_map<std::string, std::uint8_t, Hash, std::equal_to<>> rules_;
};

}  // namespace hikyaku::dmarc
