#include "services/telemetry/stamp.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/cursor.h"

namespace hikyaku::telemetry {

namespace {

struct Split {
  std::tm local{};
  long microseconds = 0;
};

Split split(WallTime when) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(when);
  const std::time_t seconds = whole.time_since_epoch().count();
  Split out;
  localtime_r(&seconds, &out.local);
  out.microseconds = static_cast<long>((when - whole).count());
  return out;
}

bool number(Cursor& in, std::size_t digits, int& value) {
  const auto text = in.take_octets(digits);
  if (text.size() != digits) return false;
  value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + (c - '0');
  }
  return true;
}

}  // namespace

std::string stamp_text(WallTime when) {
  const auto [local, microseconds] = split(when);
  const long zone = local.tm_gmtoff / 60;
  char text[64];
  const int length = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06ld%c%02ld:%02ld", local.tm_year + 1900,
                                   local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, microseconds,
                                   zone < 0 ? '-' : '+', std::labs(zone) / 60, std::labs(zone) % 60);
  return {text, static_cast<std::size_t>(length)};
}

std::string day_text(WallTime when) { return stamp_text(when).substr(0, 10); }

// date "T" time "." microseconds zone, exactly as stamp_text() writes it.
std::optional<WallTime> parse_stamp(std::string_view text) {
  Cursor in(text);
  int year, month, day, hour, minute, second, micro, zone_hour, zone_minute;
  if (!number(in, 4, year) || !in.take('-') || !number(in, 2, month) || !in.take('-') || !number(in, 2, day) || !in.take('T') ||
      !number(in, 2, hour) || !in.take(':') || !number(in, 2, minute) || !in.take(':') || !number(in, 2, second) || !in.take('.') ||
      !number(in, 6, micro))
    return std::nullopt;
  const char sign = in.next();
  if ((sign != '+' && sign != '-') || !number(in, 2, zone_hour) || !in.take(':') || !number(in, 2, zone_minute) || !in.at_end())
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto zone = std::chrono::minutes{(zone_hour * 60 + zone_minute) * (sign == '-' ? -1 : 1)};
  return std::chrono::sys_days(date) + std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second} +
         std::chrono::microseconds{micro} - zone;
}

}  // namespace hikyaku::telemetry
