#include "services/abuse/penalty_text.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"

namespace hikyaku::abuse {
namespace {

using Row = LoginPenalties::Row;
constexpr std::array<std::string_view, 4> names{"address", "network", "account", "account-at-home"};
constexpr std::uint64_t most_seconds = 1ULL << 32;

std::string seconds(Duration time) { return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()); }

}  // namespace

std::string_view place_name(Row::Of of) { return names[static_cast<std::size_t>(of)]; }

std::string penalties_text(const std::vector<Row>& rows) {
  std::string text;
  for (const auto& row : rows) {
    auto who = row.who;
    std::ranges::replace_if(who, is_ctl, '?');
    text.append(place_name(row.of)).append(" ").append(std::to_string(row.failures)).append(" ").append(seconds(row.left)).append(" ").append(seconds(row.penalty)).append(" ").append(seconds(row.ago)).append(" ").append(who).append("\n");
  }
  return text;
}

std::vector<Row> parse_penalties(std::string_view text) {
  std::vector<Row> rows;
  while (!text.empty()) {
    const auto end = text.find('\n');
    Cursor in(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto name = std::ranges::find(names, in.take_while([](char c) { return c != ' '; }));
    if (name == names.end()) continue;
    std::array<std::uint64_t, 4> numbers{};
    bool good = true;
    for (auto& number : numbers) {
      good = good && in.take(' ');
      const auto value = parse_number(in, most_seconds);
      good = good && value;
      if (value) number = *value;
    }
    if (!good || !in.take(' ') || in.at_end()) continue;
    const auto time = [](std::uint64_t value) { return Duration{std::chrono::seconds{value}}; };
    rows.push_back({static_cast<Row::Of>(name - names.begin()), std::string(in.rest()), numbers[0], time(numbers[1]), time(numbers[2]), time(numbers[3])});
  }
  return rows;
}

}  // namespace hikyaku::abuse
