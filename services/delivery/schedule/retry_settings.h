// From section [delivery] of the settings to retry rules and connection limits. Shared by deliver and the command line,
// so that what is explained is what is done.
#pragma once

#include "services/delivery/schedule/retry_table.h"
#include "services/delivery/source_limits.h"
#include "services/settings/settings.h"

namespace hikyaku::delivery {

// Rows that are none are left out; `config check` names them.
[[nodiscard]] RetryTable retry_table(const settings::DeliverySection& from);
[[nodiscard]] SourceLimits source_limits(const settings::DeliverySection& from);
[[nodiscard]] std::vector<LimitRow> limit_rows(const settings::DeliverySection& from);

// What is wrong, or unwise, in the rows and the intervals: one sentence each.
struct RetryAdvice {
  std::vector<std::string> mistakes, warnings;
};
[[nodiscard]] RetryAdvice check_retry_settings(const settings::DeliverySection& from, bool japanese);

}  // namespace hikyaku::delivery
