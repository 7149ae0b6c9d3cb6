// One account's habits as a line of text:
//   ID SINCE TOLD HOUR s N*24 r N*24 WEEK p N*4 [e N*24] [u RULED] n NAME FIRST LAST SENT ... c COUNTRY FIRST LAST ...
// e, u and c came later: without them nothing was refused elsewhere, nobody has ruled, and no country is known.
#include <charconv>

#include "base/cursor.h"
#include "services/abuse/country_code.h"
#include "services/abuse/habits.h"

namespace hikyaku::abuse {
namespace {

constexpr std::size_t longest_line = 16 << 10;
constexpr std::uint64_t last_second = 253'402'300'799;  // of the year 9999

void put(std::string& line, std::uint64_t number) { line.append(line.empty() ? "" : " ").append(std::to_string(number)); }
void put(std::string& line, WallTime at) { put(line, static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count()))); }

// The words of a line; `good` turns false for ever at the first that makes no sense.
struct Words {
  Cursor in;
  bool good = true;

  std::string_view word() {
    const auto taken = in.take_while([](char c) { return c != ' '; });
    good = good && !taken.empty() && (in.at_end() || (in.take(' ') && !in.at_end()));
    return taken;
  }
  std::uint64_t number(std::uint64_t largest) {
    Cursor text(word());
    const auto value = parse_number(text, largest);
    good = good && value && text.at_end();
    return good ? *value : 0;
  }
  WallTime time() { return WallTime{std::chrono::seconds{number(last_second)}}; }
  template <class Array>
  void numbers(Array& into) {
    for (auto& value : into) value = static_cast<std::uint32_t>(number(UINT32_MAX));
  }
  template <class Array>
  void numbers(std::string_view name, Array& into) {
    good = good && word() == name;
    numbers(into);
  }
};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; });
}

}  // namespace

std::string habit_line(AccountId account, const Habit& habit) {
  std::string line;
  put(line, account.value()), put(line, habit.since), put(line, habit.told), put(line, habit.hour);
  line += " s";
  for (const auto value : habit.sent) put(line, value);
  line += " r";
  for (const auto value : habit.refused) put(line, value);
  put(line, habit.week);
  line += " p";
  for (const auto value : habit.peaks) put(line, value);
  if (habit.refused_elsewhere != decltype(habit.refused_elsewhere){}) {
    line += " e";
    for (const auto value : habit.refused_elsewhere) put(line, value);
  }
  if (habit.ruled != WallTime{}) {
    line += " u";
    put(line, habit.ruled);
  }
  for (const auto& known : habit.networks) {
    if (!is_name(known.name)) continue;
    line += " n " + known.name;
    put(line, known.first), put(line, known.last), put(line, known.sent);
  }
  for (const auto& known : habit.countries) {
    line += " c " + known.name;
    put(line, known.first), put(line, known.last);
  }
  return line + '\n';
}

std::optional<std::pair<AccountId, Habit>> parse_habit_line(std::string_view line) {
  if (line.size() > longest_line) return std::nullopt;
  Words words{Cursor(line)};
  Habit habit;
  const auto account = words.number(UINT64_MAX);
  habit.since = words.time(), habit.told = words.time();
  habit.hour = words.number(last_second / 3'600);
  words.numbers("s", habit.sent), words.numbers("r", habit.refused);
  habit.week = words.number(last_second / 3'600 / 24 / 7);
  words.numbers("p", habit.peaks);
  while (words.good && !words.in.at_end()) {
    const auto name = words.word();
    if (name == "e" || name == "u") {
      if (name == "e") words.numbers(habit.refused_elsewhere);
      else habit.ruled = words.time();
      continue;
    }
    if (name == "c") {
      KnownPlace known{std::string(words.word()), words.time(), words.time(), {}};
      words.good = words.good && is_country_code(known.name) && habit.countries.size() < Habit::most_countries;
      habit.countries.push_back(std::move(known));
      continue;
    }
    words.good = name == "n" && habit.networks.size() < Habit::most_networks;
    KnownPlace known{std::string(words.word()), words.time(), words.time(), words.time()};
    words.good = words.good && is_name(known.name);
    habit.networks.push_back(std::move(known));
  }
  if (!words.good || account == 0) return std::nullopt;
  return std::pair(AccountId{account}, std::move(habit));
}

std::size_t restore_habits(Habits& habits, std::string_view text) {
  std::size_t unreadable = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto one = end == std::string_view::npos ? std::nullopt : parse_habit_line(text.substr(0, end));
    if (one) habits.restore(one->first, std::move(one->second));
    else ++unreadable;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return unreadable;
}

}  // namespace hikyaku::abuse
