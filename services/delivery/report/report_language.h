// Which language a report to a sender is written in. Every setting but one language alone gives both, one above the
// other: which of the two a person reads cannot be known from an address.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::delivery {

enum class ReportLanguages : std::uint8_t { Japanese, English, JapaneseFirst, EnglishFirst };

struct LanguageRule {
  enum class By : std::uint8_t { SenderDomain, Japanese, English } by = By::SenderDomain;
  std::vector<std::string> japanese_domains;  // beside .jp; "example.com" covers its subdomains
};

// SenderDomain: Japanese first for .jp, the Japanese top-level domains and the domains named, else English first.
[[nodiscard]] ReportLanguages choose_languages(const LanguageRule& rule, std::string_view sender_domain);

}  // namespace hikyaku::delivery
