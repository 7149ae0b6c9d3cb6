#include "services/delivery/report/report_settings.h"

namespace hikyaku::delivery {

LanguageRule report_language(const settings::DeliverySection& from) {
  using By = LanguageRule::By;
  LanguageRule rule;
  rule.by = from.report_language() == "japanese" ? By::Japanese : from.report_language() == "english" ? By::English : By::SenderDomain;
  rule.japanese_domains = from.report_japanese_domains();
  return rule;
}

}  // namespace hikyaku::delivery
