// AlarmWatch: thresholds on what waits, and on the virus patterns. An alarm is raised when a figure passes its limit and cleared when the figure has
// come well below it, so that one that trembles at the limit gives one notice, not a hundred. Pure: told the time and the
// figures; whoever tells people is elsewhere.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/history/sample.h"

namespace hikyaku::history {

enum class Alarm : std::uint8_t {
  IncomingAge,  // the oldest message that waits for its first attempt
  DeferredAge,  // the oldest deferred recipient, since its first failure
  Messages,     // that wait, in incoming and holding
  Octets,       // of those
  Growth,       // messages more than at the lowest of the last hour
  Silence,      // time without a sample: deliver does not run, or its disk fails
  PatternsAge,      // of the virus patterns in force
  PatternsRefused,  // time since new ones failed their test, and none has passed since
  AccountSuspended,  // by `auth`; one notice an account (suspended.h)
};
constexpr std::size_t alarm_count = 9;
[[nodiscard]] std::string_view alarm_name(Alarm alarm);  // "incoming-age", ...
[[nodiscard]] std::optional<Alarm> parse_alarm(std::string_view name);

// Zero: no such alarm. Ages and silence in seconds.
struct AlarmLimits {
  std::array<std::uint64_t, alarm_count> limit{};
  unsigned clear_percent = 80;  // of the limit: at or below it the alarm is over
  [[nodiscard]] std::uint64_t& of(Alarm alarm) { return limit[static_cast<std::size_t>(alarm)]; }
  [[nodiscard]] std::uint64_t of(Alarm alarm) const { return limit[static_cast<std::size_t>(alarm)]; }
};

// The totals of one sample.
struct Levels {
  Time at{};
  Figures incoming, holding, domains;
};
// Nothing: no totals among them.
[[nodiscard]] std::optional<Levels> levels_of(const std::vector<Point>& sample);

// Of the virus patterns, where `virusdb` runs.
struct PatternFacts {
  std::uint64_t age_seconds = 0, refused_seconds = 0;
};

struct AlarmNotice {
  enum class Change : std::uint8_t { Raised, Cleared } change = Change::Raised;
  Alarm alarm = Alarm::IncomingAge;
  std::uint64_t value = 0, limit = 0;
  Time at{}, since{};  // since: when it was raised
  std::string about{}, why{};  // AccountSuspended: whose, and why
  friend bool operator==(const AlarmNotice&, const AlarmNotice&) = default;
};
// "The queue holds 120000 messages (limit 100000)." in one language.
enum class NoticeLanguage : std::uint8_t { English, Japanese };
[[nodiscard]] std::string notice_text(const AlarmNotice& notice, NoticeLanguage language);

class AlarmWatch {
 public:
  // A sample, for growth only: what was before this watch began.
  void remember(const Levels& levels);
  // What changed with the newest sample; nothing: there is none yet. The same sample may be given again and again.
  [[nodiscard]] std::vector<AlarmNotice> look(const AlarmLimits& limits, const std::optional<Levels>& newest, Time now, const std::optional<PatternFacts>& patterns = {});

  struct Raised {
    Time since{};
  };
  [[nodiscard]] const std::array<std::optional<Raised>, alarm_count>& raised() const { return raised_; }

  // What is raised, as text, so that a new life does not raise it again. Anything that makes no sense is left out.
  [[nodiscard]] std::string encode() const;
  void decode(std::string_view text);

 private:
  [[nodiscard]] std::optional<std::uint64_t> value_of(Alarm alarm, const std::optional<Levels>& newest, Time now, const std::optional<PatternFacts>& patterns) const;
  std::deque<std::pair<Time, std::uint64_t>> past_;  // messages, of the last hour, one a minute
  std::array<std::optional<Raised>, alarm_count> raised_;
  Time began_{};  // of the first look
};

}  // namespace hikyaku::history
