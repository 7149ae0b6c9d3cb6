// Setting<T> and Section: a setting is declared once, in one line of a section struct (settings.h), and that line parses
// it, checks it, fills the manual in two languages and says what it takes to bring a change into effect.
// Values are plain and immutable once loaded: services hold a shared_ptr<const Settings> and take a new one on reload.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace hikyaku::settings {

using Seconds = std::chrono::seconds;
using Count = std::int64_t;
using Text = std::string;
using Texts = std::vector<std::string>;

// A size in octets; written 512, "64KiB", "25MiB", "2GiB".
struct ByteCount {
  std::uint64_t octets = 0;
  friend constexpr auto operator<=>(const ByteCount&, const ByteCount&) = default;
};
constexpr ByteCount KiB(std::uint64_t n) { return {n << 10}; }
constexpr ByteCount MiB(std::uint64_t n) { return {n << 20}; }
constexpr ByteCount GiB(std::uint64_t n) { return {n << 30}; }

// When a changed value counts, after `hikyaku config reload` or a restart.
enum class TakesEffect : std::uint8_t {
  AtOnce,          // on reload, for what happens next
  NewConnections,  // on reload, for connections opened afterwards
  ServiceRestart,  // when the service is restarted
  ServeRestart,    // when `hikyaku serve` is restarted (listeners, paths, users)
};

// A value as the file gives it, before anybody judged it.
using RawValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

template <class T>
struct Rules {
  std::string_view help;     // one sentence, English
  std::string_view help_ja;  // the same in Japanese
  T preset{};
  std::optional<T> min, max;                 // both allowed themselves
  std::vector<std::string_view> choices;     // for Text: nothing else is allowed
  TakesEffect takes_effect = TakesEffect::AtOnce;
};

class Section;

// What the loader, the manual and the console see of any setting.
class AnySetting {
 public:
  AnySetting(Section& section, std::string_view name, std::string_view help, std::string_view help_ja,
             TakesEffect takes_effect);
  AnySetting(const AnySetting&) = delete;
  AnySetting& operator=(const AnySetting&) = delete;
  virtual ~AnySetting() = default;

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view help() const { return help_; }
  [[nodiscard]] std::string_view help_ja() const { return help_ja_; }
  [[nodiscard]] TakesEffect takes_effect() const { return takes_effect_; }
  // Takes the value, or says in one clause what would be right ("a duration between 1s and 24h").
  virtual Result<void, std::string> assign(const RawValue& raw) = 0;
  [[nodiscard]] virtual std::string kind() const = 0;         // "duration", "size", "number", ...
  [[nodiscard]] virtual std::string value_text() const = 0;   // as it would stand in the file
  [[nodiscard]] virtual std::string preset_text() const = 0;
  [[nodiscard]] virtual std::string range_text() const = 0;   // "1s to 24h", a list of choices, or ""

 private:
  std::string_view name_, help_, help_ja_;
  TakesEffect takes_effect_;
};

// A table of the file: [smtp]. Its members register themselves in the order of their declaration.
class Section {
 public:
  Section(std::string_view name, std::string_view help, std::string_view help_ja)
      : name_(name), help_(help), help_ja_(help_ja) {}
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view help() const { return help_; }
  [[nodiscard]] std::string_view help_ja() const { return help_ja_; }
  [[nodiscard]] const std::vector<AnySetting*>& settings() const { return settings_; }

 private:
  friend class AnySetting;
  std::string_view name_, help_, help_ja_;
  std::vector<AnySetting*> settings_;
};

// T: bool, Count, Seconds, ByteCount, Text or Texts (setting.cc has the text form of each).
template <class T>
class Setting final : public AnySetting {
 public:
  Setting(Section& section, std::string_view name, Rules<T> rules);

  // The value in force in this snapshot: `settings.smtp.message_size()`.
  [[nodiscard]] const T& operator()() const { return value_; }
  // For tests and demonstrations: sets the value past the file, unchecked.
  void set(T value) { value_ = std::move(value); }

  Result<void, std::string> assign(const RawValue& raw) override;
  [[nodiscard]] std::string kind() const override;
  [[nodiscard]] std::string value_text() const override;
  [[nodiscard]] std::string preset_text() const override;
  [[nodiscard]] std::string range_text() const override;

 private:
  Rules<T> rules_;
  T value_;
};

// "90s", "8h", "5d"; the largest unit that divides.
[[nodiscard]] std::string duration_text(Seconds duration);
// "64KiB", "25MiB"; the largest unit that divides.
[[nodiscard]] std::string size_text(ByteCount size);
[[nodiscard]] std::optional<Seconds> parse_duration(std::string_view text);
[[nodiscard]] std::optional<ByteCount> parse_size(std::string_view text);

}  // namespace hikyaku::settings
