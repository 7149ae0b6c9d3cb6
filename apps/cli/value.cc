#include "apps/cli/value.h"

#include <algorithm>

#include "apps/cli/terminal/when_text.h"
#include "base/cursor.h"
#include "mail/trace_id.h"
#include "services/settings/nearest.h"
#include "services/settings/setting.h"

namespace hikyaku::cli {
namespace {

constexpr std::uint64_t all_of_it = 100;  // per cent
constexpr std::string_view open_end = "open";

std::optional<std::uint64_t> number_in(std::string_view text, std::uint64_t least, std::uint64_t most) {
  Cursor in(text);
  if (!is_digit(in.peek())) return std::nullopt;
  const auto number = parse_number(in, most);
  return number && in.at_end() && *number >= least ? std::optional(*number) : std::nullopt;
}

std::optional<std::uint64_t> octets_in(std::string_view text) {
  if (text.empty() || text == "0") return 0;
  const auto size = settings::parse_size(text);
  return size ? std::optional(size->octets) : std::nullopt;
}

std::optional<WallTime> time_in(std::string_view text, WallTime now) { return text == open_end ? std::optional(WallTime::max()) : parse_when(text, now); }

bool is_possible(const Option& option, const std::string& value, WallTime now) {
  if (option.only_choices) return std::ranges::find(option.choices, value) != option.choices.end();
  switch (option.takes) {
    case Takes::Text: return true;
    case Takes::Count: return number_in(value, option.least, option.most).has_value();
    case Takes::Percent: return number_in(value, 0, all_of_it).has_value();
    case Takes::Duration: return parse_span(value).has_value();
    case Takes::Size: return settings::parse_size(value).has_value();
    case Takes::SizeOrNone: return octets_in(value).has_value();
    case Takes::Time: return parse_when(value, now).has_value();
    case Takes::TimeOrOpen: return time_in(value, now).has_value();
    case Takes::TimeToCome: {
      const auto at = parse_when(value, now);
      return at && *at > now;
    }
    case Takes::Since: return parse_since(value, now).has_value();
    case Takes::Until: return parse_until(value, now).has_value();
    case Takes::Day: return is_day(value);
    case Takes::TraceId: return TraceId::parse(value).has_value();
  }
  return true;
}

std::string choices_text(const Option& option, Language language) {
  std::string text;
  for (std::size_t n = 0; n < option.choices.size(); ++n) {
    const bool last = n + 1 == option.choices.size();
    if (n > 0) text += language == Language::Japanese ? "、" : last ? " or " : ", ";
    text += option.choices[n];
  }
  return text;
}

std::string what_it_takes(const Option& option, Language language) {
  const auto least = std::to_string(option.least), most = std::to_string(option.most);
  const auto say = [&](const Words& words) { return std::string(words.in(language)); };
  if (option.only_choices) return choices_text(option, language);
  switch (option.takes) {
    case Takes::Text: return say({"a text", "文字列"});
    case Takes::Count: return language == Language::Japanese ? least + " から " + most + " までの数" : "a number from " + least + " to " + most;
    case Takes::Percent: return say({"a percentage from 0 to 100, without a sign", "0 から 100 までの割合(数だけ)"});
    case Takes::Duration: return say({"a length of time such as 90s, 30m, 2h or 7d", "期間(90s、30m、2h、7d など)"});
    case Takes::Size: return say({"a size such as 500KiB, 10MiB or 2GiB", "容量(500KiB、10MiB、2GiB など)"});
    case Takes::SizeOrNone: return say({"a size such as 500KiB, 10MiB or 2GiB, or 0 for no limit", "容量(500KiB、10MiB、2GiB など。0 なら上限なし)"});
    case Takes::Time: return say({"a time such as 18:00, \"2026-11-25 18:00\", +3h or now", "時刻(18:00、\"2026-11-25 18:00\"、+3h、now など)"});
    case Takes::TimeOrOpen: return say({"a time such as 18:00, \"2026-11-25 18:00\", +3h, or open", "時刻(18:00、\"2026-11-25 18:00\"、+3h など)か open"});
    case Takes::TimeToCome: return say({"a time to come such as 18:00, \"2026-11-25 18:00\" or +3h", "これからの時刻(18:00、\"2026-11-25 18:00\"、+3h など)"});
    case Takes::Since:
    case Takes::Until: return say({"how long ago (90m, 2h, 7d), or a time such as 18:00, 2026-11-25 or \"2026-11-25 18:00\"", "さかのぼる長さ(90m、2h、7d)か時刻(18:00、2026-11-25、\"2026-11-25 18:00\" など)"});
    case Takes::Day: return say({"a day such as 2026-11-25", "日付(2026-11-25 など)"});
    case Takes::TraceId: return say({"a trace id (B and 26 characters, as in the 250 reply, the Received line and every log line)", "追跡 ID(250 応答、Received 行、各ログ行にある B と 26 文字)"});
  }
  return {};
}

}  // namespace

Option value_option(std::string_view name, Takes takes, Words help) {
  Option option{name, OptionKind::Value, help};
  option.takes = takes;
  return option;
}

Option count_option(std::string_view name, std::uint64_t least, std::uint64_t most, Words help) {
  auto option = value_option(name, Takes::Count, help);
  option.least = least, option.most = most;
  return option;
}

std::optional<std::string> mistaken_value(const Option& option, const std::string& value, Language language, WallTime now) {
  if (is_possible(option, value, now)) return std::nullopt;
  const std::string name(option.name), takes = what_it_takes(option, language);
  const auto nearest = option.only_choices ? settings::nearest_name(value, option.choices) : std::nullopt;
  if (language == Language::Japanese) return name + " に「" + value + "」は使えない。使えるのは、" + takes + "。" + (nearest ? "もしかして " + std::string(*nearest) + "?" : "");
  return name + " takes " + takes + ", not \"" + value + "\"." + (nearest ? " Did you mean " + std::string(*nearest) + "?" : "");
}

std::uint64_t count_of(const Invocation& call, std::string_view option, std::uint64_t otherwise) {
  return call.has(option) ? number_in(call.value(option), 0, UINT64_MAX).value_or(otherwise) : otherwise;
}

std::optional<settings::Seconds> duration_of(const Invocation& call, std::string_view option) { return call.has(option) ? parse_span(call.value(option)) : std::nullopt; }
std::optional<std::uint64_t> octets_of(const Invocation& call, std::string_view option) { return call.has(option) ? octets_in(call.value(option)) : std::nullopt; }
std::optional<WallTime> time_of(const Invocation& call, std::string_view option, WallTime now) { return call.has(option) ? time_in(call.value(option), now) : std::nullopt; }
std::optional<WallTime> since_of(const Invocation& call, std::string_view option, WallTime now) { return call.has(option) ? parse_since(call.value(option), now) : std::nullopt; }
std::optional<WallTime> until_of(const Invocation& call, std::string_view option, WallTime now) { return call.has(option) ? parse_until(call.value(option), now) : std::nullopt; }

}  // namespace hikyaku::cli
