#include "services/settings/setting.h"

#include "base/cursor.h"

namespace hikyaku::settings {

AnySetting::AnySetting(Section& section, std::string_view name, std::string_view help, std::string_view help_ja,
                       TakesEffect takes_effect)
    : name_(name), help_(help), help_ja_(help_ja), takes_effect_(takes_effect) {
  section.settings_.push_back(this);
}

// ---- the text form of each kind -----------------------------------------------------------------------------------

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Unit duration_units[] = {{"d", 86'400}, {"h", 3'600}, {"m", 60}, {"s", 1}};
constexpr Unit size_units[] = {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}};

std::string with_unit(std::uint64_t number, std::span<const Unit> units) {
  for (const Unit& unit : units)
    if (number != 0 && number % unit.factor == 0) return std::to_string(number / unit.factor) + std::string(unit.name);
  return std::to_string(number) + std::string(units.back().name);
}

// number unit, without anything between or after; the product must fit 62 bits.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  Cursor in(text);
  constexpr std::uint64_t largest = 1ULL << 62;
  if (!is_digit(in.peek())) return std::nullopt;
  const auto number = parse_number(in, largest);
  if (!number) return std::nullopt;
  for (const Unit& unit : units)
    if (equal_ignoring_case(in.rest(), unit.name))
      return *number <= largest / unit.factor ? std::optional(*number * unit.factor) : std::nullopt;
  return std::nullopt;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(Count value) { return std::to_string(value); }
std::string text_of(Seconds value) { return quoted(duration_text(value)); }
std::string text_of(ByteCount value) { return quoted(size_text(value)); }
std::string text_of(const Text& value) { return quoted(value); }
std::string text_of(const Texts& value) {
  std::string out = "[";
  for (const auto& one : value) out += (out.size() > 1 ? ", " : "") + quoted(one);
  return out + "]";
}

template <class T> std::string kind_of();
template <> std::string kind_of<bool>() { return "true or false"; }
template <> std::string kind_of<Count>() { return "number"; }
template <> std::string kind_of<Seconds>() { return "duration"; }
template <> std::string kind_of<ByteCount>() { return "size"; }
template <> std::string kind_of<Text>() { return "text"; }
template <> std::string kind_of<Texts>() { return "list of texts"; }

// What to write instead, when the value is of the wrong kind.
template <class T> std::string example_of();
template <> std::string example_of<bool>() { return "true or false"; }
template <> std::string example_of<Count>() { return "a whole number"; }
template <> std::string example_of<Seconds>() { return "a duration like \"90s\", \"15m\", \"8h\" or \"5d\""; }
template <> std::string example_of<ByteCount>() { return "a size like 65536, \"64KiB\", \"25MiB\" or \"2GiB\""; }
template <> std::string example_of<Text>() { return "a text in quotes"; }
template <> std::string example_of<Texts>() { return "a list of texts like [\"a\", \"b\"]"; }

std::optional<bool> from_raw(const RawValue& raw, bool) {
  const auto* value = std::get_if<bool>(&raw);
  return value ? std::optional(*value) : std::nullopt;
}
std::optional<Count> from_raw(const RawValue& raw, Count) {
  const auto* value = std::get_if<std::int64_t>(&raw);
  return value ? std::optional(*value) : std::nullopt;
}
std::optional<Seconds> from_raw(const RawValue& raw, Seconds) {
  const auto* value = std::get_if<std::string>(&raw);
  return value ? parse_duration(*value) : std::nullopt;
}
std::optional<ByteCount> from_raw(const RawValue& raw, ByteCount) {
  if (const auto* number = std::get_if<std::int64_t>(&raw))
    return *number >= 0 ? std::optional(ByteCount{static_cast<std::uint64_t>(*number)}) : std::nullopt;
  const auto* value = std::get_if<std::string>(&raw);
  return value ? parse_size(*value) : std::nullopt;
}
std::optional<Text> from_raw(const RawValue& raw, const Text&) {
  const auto* value = std::get_if<std::string>(&raw);
  return value ? std::optional(*value) : std::nullopt;
}
std::optional<Texts> from_raw(const RawValue& raw, const Texts&) {
  const auto* value = std::get_if<std::vector<std::string>>(&raw);
  return value ? std::optional(*value) : std::nullopt;
}

}  // namespace

std::string duration_text(Seconds duration) {
  return with_unit(static_cast<std::uint64_t>(duration.count()), duration_units);
}
std::string size_text(ByteCount size) { return with_unit(size.octets, size_units); }

std::optional<Seconds> parse_duration(std::string_view text) {
  const auto number = parse_with_unit(text, duration_units);
  if (!number) return std::nullopt;
  return Seconds{static_cast<std::int64_t>(*number)};
}

std::optional<ByteCount> parse_size(std::string_view text) {
  if (const auto number = parse_with_unit(text, size_units)) return ByteCount{*number};
  return std::nullopt;
}

// ---- Setting<T> ---------------------------------------------------------------------------------------------------

template <class T>
Setting<T>::Setting(Section& section, std::string_view name, Rules<T> rules)
    : AnySetting(section, name, rules.help, rules.help_ja, rules.takes_effect), rules_(std::move(rules)), value_(rules_.preset) {}

template <class T>
Result<void, std::string> Setting<T>::assign(const RawValue& raw) {
  auto value = from_raw(raw, T{});
  if (!value) return failure("write " + example_of<T>() + ".");
  if ((rules_.min && *value < *rules_.min) || (rules_.max && *rules_.max < *value))
    return failure("write a value from " + range_text() + ".");
  if constexpr (std::is_same_v<T, Text>) {
    if (!rules_.choices.empty() && std::find(rules_.choices.begin(), rules_.choices.end(), *value) == rules_.choices.end())
      return failure("write one of " + range_text() + ".");
  }
  value_ = std::move(*value);
  return {};
}

template <class T> std::string Setting<T>::kind() const { return kind_of<T>(); }
template <class T> std::string Setting<T>::value_text() const { return text_of(value_); }
template <class T> std::string Setting<T>::preset_text() const { return text_of(rules_.preset); }

template <class T>
std::string Setting<T>::range_text() const {
  std::string out;
  for (const auto choice : rules_.choices) out += (out.empty() ? "" : ", ") + quoted(choice);
  if (rules_.min && rules_.max) return text_of(*rules_.min) + " to " + text_of(*rules_.max);
  if (rules_.min) return text_of(*rules_.min) + " or more";
  if (rules_.max) return "at most " + text_of(*rules_.max);
  return out;
}

template class Setting<bool>;
template class Setting<Count>;
template class Setting<Seconds>;
template class Setting<ByteCount>;
template class Setting<Text>;
template class Setting<Texts>;

}  // namespace hikyaku::settings
