#include "apps/cli/terminal/when_text.h"

#include <ctime>

#include "base/cursor.h"
#include "services/settings/setting.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {
namespace {

bool take_number(Cursor& in, std::size_t digits, int& value) {
  const auto text = in.take_octets(digits);
  value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + (c - '0');
  }
  return text.size() == digits;
}

bool take_clock(Cursor& in, std::tm& local) {
  return take_number(in, 2, local.tm_hour) && in.take(':') && take_number(in, 2, local.tm_min) && local.tm_hour < 24 && local.tm_min < 60 && in.at_end();
}

WallTime time_of(std::tm local) {
  local.tm_isdst = -1;
  return WallTime{std::chrono::seconds{std::mktime(&local)}};
}

std::tm today(WallTime now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm local{};
  localtime_r(&seconds, &local);
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  return local;
}

enum class Side : std::uint8_t { ToCome, Passed };

std::optional<WallTime> parse_clock(std::string_view text, WallTime now, Side side) {
  Cursor in(text);
  auto local = today(now);
  if (!take_clock(in, local)) return std::nullopt;
  const auto at = time_of(local);
  if ((at > now) == (side == Side::ToCome)) return at;
  local.tm_mday += side == Side::ToCome ? 1 : -1;
  return time_of(local);
}

std::optional<WallTime> parse_date(std::string_view text) {
  Cursor in(text);
  std::tm local{};
  int year = 0, month = 0;
  if (!take_number(in, 4, year) || !in.take('-') || !take_number(in, 2, month) || !in.take('-') || !take_number(in, 2, local.tm_mday)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(local.tm_mday))};
  if (!date.ok()) return std::nullopt;
  local.tm_year = year - 1900, local.tm_mon = month - 1;
  if (in.at_end()) return time_of(local);
  const char between = in.next();
  if ((between != ' ' && between != 'T') || !take_clock(in, local)) return std::nullopt;
  return time_of(local);
}

// A point of the calendar or the clock.
std::optional<WallTime> parse_point(std::string_view text, WallTime now, Side side) {
  if (text == "now") return now;
  if (const auto stamp = telemetry::parse_stamp(text)) return stamp;
  if (const auto at = parse_date(text)) return at;
  return parse_clock(text, now, side);
}

WallTime next_day(WallTime day) {
  auto local = today(day);
  ++local.tm_mday;
  return time_of(local);
}

}  // namespace

std::string minute_text(WallTime when) {
  auto text = telemetry::stamp_text(when).substr(0, 16);
  text[10] = ' ';
  return text;
}

bool is_day(std::string_view text) { return text.size() == 10 && parse_date(text); }

std::optional<std::chrono::seconds> parse_span(std::string_view text) {
  constexpr std::chrono::seconds longest = std::chrono::days{36'525};  // a WallTime has room for it
  const auto span = settings::parse_duration(text);
  return span && *span <= longest ? span : std::nullopt;
}

std::optional<WallTime> parse_when(std::string_view text, WallTime now) {
  if (const auto at = parse_point(text, now, Side::ToCome)) return at;
  const bool ago = text.starts_with('-');
  if (ago || text.starts_with('+')) text.remove_prefix(1);
  const auto span = parse_span(text);
  if (!span) return std::nullopt;
  return ago ? now - *span : now + *span;
}

std::optional<WallTime> parse_since(std::string_view text, WallTime now) {
  if (const auto at = parse_point(text, now, Side::Passed)) return at;
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto span = parse_span(text);
  return span ? std::optional(now - *span) : std::nullopt;
}

std::optional<WallTime> parse_until(std::string_view text, WallTime now) {
  const auto at = parse_since(text, now);
  return at && is_day(text) ? std::optional(next_day(*at) - std::chrono::microseconds{1}) : at;
}

}  // namespace hikyaku::cli
