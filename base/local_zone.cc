#include "base/local_zone.h"

#include <time.h>

namespace hikyaku {

std::chrono::minutes local_zone(WallTime when) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
  tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return {};
  return std::chrono::floor<std::chrono::minutes>(std::chrono::seconds(local.tm_gmtoff));
}

}  // namespace hikyaku
