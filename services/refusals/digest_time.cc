#include "services/refusals/digest_time.h"

#include "base/cursor.h"

namespace hikyaku::refusals {
namespace {

std::optional<std::chrono::minutes> time_of_day(const std::string& text) {
  Cursor in(text);
  const auto hour = parse_number(in, 23);
  if (!hour || !in.take(':')) return std::nullopt;
  const auto minute = parse_number(in, 59);
  if (!minute || !in.at_end()) return std::nullopt;
  return std::chrono::minutes(*hour * 60 + *minute);
}

}  // namespace

std::optional<WallTime> last_time_of_day(const std::vector<std::string>& times, WallTime now, std::chrono::minutes zone) {
  const auto midnight = std::chrono::floor<std::chrono::days>(now + zone) - zone;
  std::optional<WallTime> last;
  for (const auto& text : times) {
    const auto time = time_of_day(text);
    if (!time) continue;
    WallTime at = midnight + *time;
    if (at > now) at -= std::chrono::days{1};
    if (!last || at > *last) last = at;
  }
  return last;
}

}  // namespace hikyaku::refusals
