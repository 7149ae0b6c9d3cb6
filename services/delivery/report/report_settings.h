// The language of reports as the settings file says it.
#pragma once

#include "services/delivery/report/report_language.h"
#include "services/settings/settings.h"

namespace hikyaku::delivery {

[[nodiscard]] LanguageRule report_language(const settings::DeliverySection& from);

}  // namespace hikyaku::delivery
