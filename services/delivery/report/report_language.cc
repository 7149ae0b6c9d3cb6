#include "services/delivery/report/report_language.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::delivery {
namespace {

// "example.com" covers itself and what is below it.
bool covers(std::string_view domain, std::string_view name) {
  if (name.size() < domain.size() || domain.empty()) return false;
  const auto tail = name.substr(name.size() - domain.size());
  return equal_ignoring_case(tail, domain) && (name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.');
}

// Country and city domains of Japan, and the domains in kana.
constexpr std::string_view japanese_tops[] = {"jp", "tokyo", "osaka", "nagoya", "kyoto", "yokohama", "okinawa", "ryukyu",
                                              "xn--q9jyb4c", "みんな"};

}  // namespace

ReportLanguages choose_languages(const LanguageRule& rule, std::string_view sender_domain) {
  if (rule.by == LanguageRule::By::Japanese) return ReportLanguages::Japanese;
  if (rule.by == LanguageRule::By::English) return ReportLanguages::English;
  const bool japanese = std::ranges::any_of(japanese_tops, [&](auto top) { return covers(top, sender_domain); }) ||
                        std::ranges::any_of(rule.japanese_domains, [&](const auto& domain) { return covers(domain, sender_domain); });
  return japanese ? ReportLanguages::JapaneseFirst : ReportLanguages::EnglishFirst;
}

}  // namespace hikyaku::delivery
