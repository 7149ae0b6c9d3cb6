#include "protocol/mime/date.h"

#include <array>

#include "base/cursor.h"

namespace hikyaku::mime {
namespace {
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct NamedZone {
  std::string_view name;
  int minutes;
};
// RFC 5322 §4.3, and the few names mailers of our users still write. Single letters are military zones, which mailers
// used with both signs: RFC 5322 says to take them as -0000, Z included.
constexpr NamedZone zones[] = {{"UT", 0},     {"GMT", 0},    {"UTC", 0},    {"EST", -300}, {"EDT", -240},
                               {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480},
                               {"PDT", -420}, {"JST", 540},  {"KST", 540},  {"CET", 60},   {"CEST", 120},
                               {"EET", 120},  {"EEST", 180}, {"WET", 0},    {"BST", 60},   {"MSK", 180}};

class DateParser {
 public:
  explicit DateParser(std::string_view text) : in_(text) {}
  std::optional<DateTime> parse();

 private:
  void token();
  void number();
  void word();
  void time_of_day(std::uint64_t hour);
  void zone(int sign);
  void skip_comment();
  void skip_space_and_comments();
  [[nodiscard]] std::optional<DateTime> checked() const;

  Cursor in_;
  DateTime date_;
  bool has_day_ = false, has_month_ = false, has_year_ = false, has_time_ = false, has_zone_ = false;
};

std::optional<DateTime> DateParser::parse() {
  while (!in_.at_end()) token();
  return checked();
}

void DateParser::token() {
  const char c = in_.peek();
  if (c == '(') skip_comment();
  else if (is_digit(c)) number();
  else if (is_alpha(c)) word();
  else if ((c == '+' || c == '-') && has_time_) in_.next(), zone(c == '-' ? -1 : 1);
  else in_.next();
}

void DateParser::skip_space_and_comments() {
  while (!in_.at_end()) {
    const char c = in_.peek();
    if (c == '(') skip_comment();
    else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') in_.next();
    else return;
  }
}

void DateParser::skip_comment() {
  int depth = 0;
  do {
    const char c = in_.next();
    if (c == '\\') in_.next();
    else if (c == '(') ++depth;
    else if (c == ')') --depth;
  } while (depth > 0 && !in_.at_end());
}

// A day, a year or an hour; two- and three-digit years as RFC 5322 §4.3 reads them; "2026-11-22" as ISO 8601 does.
void DateParser::number() {
  const auto digits = in_.take_while(is_digit);
  if (digits.size() > 4) return;
  std::uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  const int number = static_cast<int>(value);
  skip_space_and_comments();
  if (in_.peek() == ':' && !has_time_) return time_of_day(value);
  if (digits.size() <= 2 && has_year_ && !has_month_) {
    date_.month = number, has_month_ = true;
  } else if (digits.size() <= 2 && !has_day_) {
    date_.day = number, has_day_ = true;
  } else if (!has_year_) {
    date_.year = digits.size() == 4 ? number : digits.size() == 3 || number >= 50 ? 1900 + number : 2000 + number;
    has_year_ = true;
  }
}

// time-of-day = hour ":" minute [ ":" second ]                                                      RFC 5322 §3.3
void DateParser::time_of_day(std::uint64_t hour) {
  in_.next();
  std::array<std::uint64_t, 3> clock{hour, 0, 0};
  for (std::size_t i = 1; i < 3; ++i) {
    skip_space_and_comments();
    const auto digits = in_.take_while(is_digit);
    for (const char c : digits.substr(0, 4)) clock[i] = clock[i] * 10 + static_cast<std::uint64_t>(c - '0');
    if (i == 2) break;
    skip_space_and_comments();
    if (!in_.take(':')) break;
  }
  if (in_.take('.')) in_.take_while(is_digit);
  has_time_ = true;
  if (clock[0] > 23 || clock[1] > 59 || clock[2] > 60) return;
  date_.hour = static_cast<int>(clock[0]), date_.minute = static_cast<int>(clock[1]);
  date_.second = static_cast<int>(clock[2]);
}

void DateParser::word() {
  const auto text = in_.take_while(is_alpha);
  if (text.size() >= 3 && !has_month_) {
    for (std::size_t i = 0; i < months.size(); ++i)
      if (starts_with_ignoring_case(text, months[i])) {
        date_.month = static_cast<int>(i) + 1, has_month_ = true;
        return;
      }
  }
  if (has_time_ && equal_ignoring_case(text, "PM") && date_.hour < 12) date_.hour += 12;
  if (has_time_ && equal_ignoring_case(text, "AM") && date_.hour == 12) date_.hour = 0;
  if (!has_time_ || has_zone_) return;
  for (const auto& [name, minutes] : zones)
    if (equal_ignoring_case(text, name)) {
      date_.zone_minutes = minutes;
      has_zone_ = in_.peek() != '+' && in_.peek() != '-';  // "GMT+0900": the number counts
      return;
    }
}

// zone = ("+" / "-") 4DIGIT, or "+09:00" and "+9" from broken mailers                              RFC 5322 §3.3
void DateParser::zone(int sign) {
  const auto digits = in_.take_while(is_digit);
  int value = 0;
  for (const char c : digits.substr(0, 4)) value = value * 10 + (c - '0');
  int hours = digits.size() <= 2 ? value : value / 100;
  int minutes = digits.size() <= 2 ? 0 : value % 100;
  if (digits.size() <= 2 && in_.take(':')) {
    const auto more = in_.take_while(is_digit);
    for (const char c : more.substr(0, 2)) minutes = minutes * 10 + (c - '0');
  }
  if (digits.empty() || has_zone_) return;
  has_zone_ = true;
  date_.zone_minutes = hours <= 24 && minutes <= 59 ? sign * (hours * 60 + minutes) : 0;
}

std::optional<DateTime> DateParser::checked() const {
  if (!has_day_ || !has_month_ || !has_year_) return std::nullopt;
  if (!date_.calendar_day().ok() || date_.year < 1) return std::nullopt;
  return date_;
}

void append_padded(std::string& out, int value, std::size_t width) {
  const auto digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}
}  // namespace

std::chrono::sys_seconds DateTime::utc() const {
  using namespace std::chrono;
  return sys_seconds{sys_days{calendar_day()}} + hours{hour} + minutes{minute} + seconds{second} - minutes{zone_minutes};
}

std::chrono::year_month_day DateTime::calendar_day() const {
  return std::chrono::year{year} / std::chrono::month{static_cast<unsigned>(month)} /
         std::chrono::day{static_cast<unsigned>(day)};
}

std::optional<DateTime> parse_date(std::string_view value) { return DateParser(value).parse(); }

std::string print_date(WallTime when, int zone_minutes) {
  using namespace std::chrono;
  const auto local = floor<seconds>(when) + minutes{zone_minutes};
  const auto day = floor<days>(local);
  const year_month_day date{day};
  const hh_mm_ss time{local - day};
  std::string out(weekdays[weekday{day}.c_encoding()]);
  out += ", " + std::to_string(static_cast<unsigned>(date.day())) + " ";
  out += months[static_cast<unsigned>(date.month()) - 1];
  out += ' ';
  append_padded(out, static_cast<int>(date.year()), 4);
  out += ' ';
  append_padded(out, static_cast<int>(time.hours().count()), 2), out += ':';
  append_padded(out, static_cast<int>(time.minutes().count()), 2), out += ':';
  append_padded(out, static_cast<int>(time.seconds().count()), 2);
  out += zone_minutes < 0 ? " -" : " +";
  append_padded(out, std::abs(zone_minutes) / 60, 2);
  append_padded(out, std::abs(zone_minutes) % 60, 2);
  return out;
}

}  // namespace hikyaku::mime
