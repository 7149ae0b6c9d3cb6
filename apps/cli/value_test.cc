#include "apps/cli/value.h"

#include <doctest/doctest.h>

#include "services/telemetry/stamp.h"

using namespace hikyaku;
using namespace hikyaku::cli;

namespace {

const auto now = *telemetry::parse_stamp("2026-11-22T10:00:00.000000+09:00");

std::string told(const Option& option, const std::string& value) { return mistaken_value(option, value, Language::English, now).value_or(""); }

}  // namespace

TEST_CASE("a mistyped value is answered with the option, what it takes, and what was given") {
  const Option choice{"--by", OptionKind::Value, {}, {"destination", "sender", "class"}, true};
  struct Row {
    Option option;
    std::string_view good, bad, takes;
  };
  const auto of = [](Takes takes) { return value_option("--o", takes, {}); };
  for (const auto& row : {Row{count_option("--o", 1, 500, {}), "1", "0", "a number from 1 to 500"}, Row{count_option("--o", 1, 500, {}), "500", "501", "500"},
                          Row{count_option("--o", 0, 9, {}), "0", "-1", "from 0 to 9"}, Row{count_option("--o", 0, 9, {}), "9", "9x", "9"}, Row{count_option("--o", 0, 9, {}), "1", "", "9"},
                          Row{of(Takes::Percent), "0", "x", "a percentage from 0 to 100"}, Row{of(Takes::Percent), "100", "101", "100"}, Row{of(Takes::Percent), "60", "60%", "without a sign"},
                          Row{of(Takes::Duration), "90s", "90", "90s, 30m, 2h or 7d"}, Row{of(Takes::Duration), "30d", "-30d", "length of time"},
                          Row{of(Takes::Duration), "36525d", "99999999d", "length of time"}, Row{of(Takes::Size), "10MiB", "10MB", "500KiB"}, Row{of(Takes::Size), "1B", "0", "500KiB"},
                          Row{of(Takes::SizeOrNone), "0", "x", "0 for no limit"}, Row{of(Takes::SizeOrNone), "2GiB", "2", "0 for no limit"},
                          Row{of(Takes::Time), "18:00", "soon", "+3h"}, Row{of(Takes::Time), "-2h", "open", "+3h"}, Row{of(Takes::TimeOrOpen), "open", "x", "or open"},
                          Row{of(Takes::TimeToCome), "+30d", "-1d", "a time to come"}, Row{of(Takes::TimeToCome), "2026-11-23", "2026-11-22", "to come"},
                          Row{of(Takes::Since), "90m", "yesterday", "90m, 2h, 7d"}, Row{of(Takes::Since), "-7d", "+7d", "how long ago"}, Row{of(Takes::Until), "2026-11-20", "2026-02-30", "7d"},
                          Row{of(Takes::Day), "2026-11-22", "7d", "2026-11-25"}, Row{of(Takes::TraceId), "B00000000000000000000000000", "foo", "26 characters"},
                          Row{choice, "sender", "nothing", "destination, sender or class"}}) {
    CAPTURE(row.bad);
    CHECK(told(row.option, std::string(row.good)).empty());
    const auto words = told(row.option, std::string(row.bad));
    CHECK(words.starts_with(std::string(row.option.name) + " takes "));
    CHECK(words.find(row.takes) != std::string::npos);
    CHECK(words.find(", not \"" + std::string(row.bad) + "\".") != std::string::npos);
    const auto japanese = mistaken_value(row.option, std::string(row.bad), Language::Japanese, now);
    CHECK(japanese->starts_with(std::string(row.option.name) + " に「" + std::string(row.bad) + "」は使えない。"));
  }
  CHECK(told(choice, "sneder").ends_with(" Did you mean sender?"));
}

// What takes "no number at all" without a word does something else than was meant.
TEST_CASE("no option whose help speaks of a number, a share, a length of time or a size takes any text") {
  constexpr std::string_view of_numbers[] = {"--limit", "--lines", "--days", "--likely", "--row", "--bits", "--recipients", "--older", "--younger", "--last", "--every", "--larger", "--smaller",
                                             "--quota", "--size-in", "--size-out", "--since", "--until", "--start", "--end", "--day"};
  std::size_t seen = 0;
  for (const auto& command : all_commands())
    for (const auto& option : command.options) {
      if (option.kind != OptionKind::Value || std::ranges::find(of_numbers, option.name) == std::end(of_numbers)) continue;
      CAPTURE(command.name);
      CAPTURE(option.name);
      CHECK(told(option, "no number at all").starts_with(std::string(option.name) + " takes "));
      ++seen;
    }
  CHECK(seen >= 40);
}
