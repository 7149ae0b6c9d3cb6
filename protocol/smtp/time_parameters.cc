#include "protocol/smtp/time_parameters.h"

#include "base/cursor.h"

namespace hikyaku::smtp {
namespace {

constexpr std::size_t most_digits = 9;

// Exactly `digits` of them.
std::optional<int> take_digits(Cursor& in, int digits) {
  int number = 0;
  for (; digits > 0; --digits) {
    if (in.at_end() || !is_digit(in.peek())) return std::nullopt;
    number = 10 * number + (in.next() - '0');
  }
  return number;
}

// 1*9DIGIT up to the end of the text
std::optional<std::int32_t> nine_digits(std::string_view text) {
  if (text.empty() || text.size() > most_digits) return std::nullopt;
  Cursor in(text);
  const auto number = take_digits(in, static_cast<int>(text.size()));
  return number ? std::optional(std::int32_t{*number}) : std::nullopt;
}

// time-offset = "Z" / ("+" / "-") time-hour ":" time-minute      RFC 3339 §5.6; minutes east of UTC
std::optional<std::chrono::minutes> take_offset(Cursor& in) {
  if (in.take_ignoring_case("Z")) return std::chrono::minutes{0};
  const bool west = in.take('-');
  if (!west && !in.take('+')) return std::nullopt;
  const auto hours = take_digits(in, 2);
  if (!hours || *hours > 23 || !in.take(':')) return std::nullopt;
  const auto minutes = take_digits(in, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{*hours * 60 + *minutes};
  return west ? -offset : offset;
}

// full-date = date-fullyear "-" date-month "-" date-mday
std::optional<std::chrono::sys_days> take_date(Cursor& in) {
  const auto year = take_digits(in, 4);
  if (!year || !in.take('-')) return std::nullopt;
  const auto month = take_digits(in, 2);
  if (!month || !in.take('-')) return std::nullopt;
  const auto day = take_digits(in, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional(std::chrono::sys_days{date}) : std::nullopt;
}

// partial-time = time-hour ":" time-minute ":" time-second [time-secfrac]
std::optional<std::chrono::seconds> take_time(Cursor& in) {
  const auto hour = take_digits(in, 2);
  if (!hour || *hour > 23 || !in.take(':')) return std::nullopt;
  const auto minute = take_digits(in, 2);
  if (!minute || *minute > 59 || !in.take(':')) return std::nullopt;
  const auto second = take_digits(in, 2);
  if (!second || *second > 60) return std::nullopt;
  if (in.take('.') && in.take_while([](char c) { return is_digit(c); }).empty()) return std::nullopt;
  return std::chrono::seconds{*hour * 3600 + *minute * 60 + std::min(*second, 59)};
}

void append_digits(std::string& out, unsigned number, int digits) {
  const auto text = std::to_string(number);
  out.append(static_cast<std::size_t>(digits) - std::min(text.size(), static_cast<std::size_t>(digits)), '0').append(text);
}

}  // namespace

// priority-value = (["-"] NZDIGIT) / "0"      RFC 6710 §7
std::optional<std::int8_t> parse_priority(std::string_view text) {
  if (text == "0") return std::int8_t{0};
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.size() != 1 || text[0] < '1' || text[0] > '9') return std::nullopt;
  const int number = text[0] - '0';
  return static_cast<std::int8_t>(negative ? -number : number);
}

// future-release-integer = %x31-39 *8DIGIT      RFC 4865 §3
std::optional<std::uint32_t> parse_hold_for(std::string_view text) {
  const auto number = nine_digits(text);
  if (!number || text[0] == '0') return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

// by-value = by-time ";" by-mode [by-trace]; by-time = ["-" / "+"] 1*9DIGIT      RFC 2852 §4
std::optional<ByRequest> parse_by(std::string_view text) {
  const auto semicolon = text.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  auto time = text.substr(0, semicolon);
  const auto how = text.substr(semicolon + 1);
  const bool negative = time.starts_with('-');
  if (negative || time.starts_with('+')) time.remove_prefix(1);
  const auto seconds = nine_digits(time);
  if (!seconds || how.empty() || how.size() > 2) return std::nullopt;
  ByRequest by;
  by.seconds = negative ? -*seconds : *seconds;
  const char mode = ascii_upper(how[0]);
  if (mode != 'N' && mode != 'R') return std::nullopt;
  by.mode = mode == 'R' ? ByMode::Return : ByMode::Notify;
  if (by.mode == ByMode::Return && by.seconds <= 0) return std::nullopt;
  if (how.size() == 2 && ascii_upper(how[1]) != 'T') return std::nullopt;
  by.trace = how.size() == 2;
  return by;
}

std::string by_value(const ByRequest& by) {
  return std::to_string(by.seconds) + (by.mode == ByMode::Return ? ";R" : ";N") + (by.trace ? "T" : "");
}

std::optional<WallTime> parse_date_time(std::string_view text) {
  Cursor in(text);
  const auto date = take_date(in);
  if (!date || !in.take_ignoring_case("T")) return std::nullopt;
  const auto time = take_time(in);
  if (!time) return std::nullopt;
  const auto offset = take_offset(in);
  if (!offset || !in.at_end()) return std::nullopt;
  return WallTime{*date + *time - *offset};
}

std::string date_time_text(WallTime when) {
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(when - day));
  std::string out;
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  for (const auto& [sign, number] : {std::pair{'-', static_cast<unsigned>(date.month())}, {'-', static_cast<unsigned>(date.day())},
                                     {'T', static_cast<unsigned>(time.hours().count())}, {':', static_cast<unsigned>(time.minutes().count())},
                                     {':', static_cast<unsigned>(time.seconds().count())}}) {
    out += sign;
    append_digits(out, number, 2);
  }
  return out + 'Z';
}

}  // namespace hikyaku::smtp
