// Dates of mail: RFC 5322 §3.3 with the obsolete forms of §4.3 (two-digit years, named and military zones, comments), and
// the forms broken mailers write. Pure: "now" is always given.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace hikyaku::mime {

struct DateTime {
  int year = 1970, month = 1, day = 1;  // as written, in the writer's own zone
  int hour = 0, minute = 0, second = 0;
  int zone_minutes = 0;  // east of UTC: +0900 is 540. "-0000" and unknown zones are 0

  // Seconds since 1970 in UTC.
  [[nodiscard]] std::chrono::sys_seconds utc() const;
  // The calendar day as written, zone disregarded: what SENTON and SENTBEFORE compare (RFC 9051 §6.4.4).
  [[nodiscard]] std::chrono::year_month_day calendar_day() const;
  friend bool operator==(const DateTime&, const DateTime&) = default;
};

// Nothing when no day, month and year can be read, or the day does not exist. Linear.
[[nodiscard]] std::optional<DateTime> parse_date(std::string_view value);

// "Sun, 22 Nov 2026 14:05:09 +0900" (RFC 5322 §3.3).
[[nodiscard]] std::string print_date(WallTime when, int zone_minutes);

}  // namespace hikyaku::mime
